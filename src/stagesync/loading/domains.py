"""The domain under which a company is registered, by the public-suffix list that is installed with us.

The list says below which names anybody may register one: `co.uk`, but also `github.io` and `blogspot.com`,
whose owners rent names to others. Such a suffix is no company; what stands below it is one of its own.
No network is asked, ever: the list comes with its package and is as new as that.

Source: https://publicsuffix.org/list/, seen 2026-11.
"""

from __future__ import annotations

from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList


@cache
def _suffixes() -> PublicSuffixList:
    """Read once, when the first domain is looked at: 60 milliseconds."""
    return PublicSuffixList()


@lru_cache(maxsize=1 << 14)
def company_domain(host: str) -> str | None:
    """`acme.co.uk` for `www.shop.acme.co.uk`; None for a public suffix itself.

    Args:
        host: lower case, international names as `xn--`.
    """
    return _suffixes().privatesuffix(host)
