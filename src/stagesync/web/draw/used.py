"""How much of an allowance is used, and by whom, as one bar."""

from __future__ import annotations

from markupsafe import Markup

WIDTH, HEIGHT = 120.0, 10.0


def used(ours: int, others: int, limit: int, *, title: str) -> Markup:
    """Ours from the left, then what others used.

    Args:
        limit: the whole; above 0.
    """
    ours_w = min(WIDTH, WIDTH * ours / limit)
    others_w = min(WIDTH - ours_w, WIDTH * others / limit)
    return Markup(
        '<svg class="used" role="img" viewBox="0 0 {w:.0f} {h:.0f}" width="{w:.0f}" height="{h:.0f}" aria-label="{title}">'
        '<title>{title}</title><rect class="fill-line" width="{w:.0f}" height="{h:.0f}" rx="3"/>'
        '<rect class="c1" width="{ours:.1f}" height="{h:.0f}"/>'
        '<rect class="c2" x="{ours:.1f}" width="{others:.1f}" height="{h:.0f}"/></svg>'
    ).format(w=WIDTH, h=HEIGHT, title=title, ours=ours_w, others=others_w)
