"""Deals of a person's company: open, won, lost, in one CRM as a rule, now and then without a contact."""

from random import Random

from stagesync.sandbox.world.journeys import Journey
from stagesync.sandbox.world.model import DAY, Deal, Firm, Place, Status

_TITLES = (
    "Abonnement annuel",
    "Licence 50 utilisateurs",
    "Pilot",
    "Renewal",
    "Migration CRM",
    "Extension Europe",
    "Starter plan",
    "Enterprise plan",
    "Audit des données",
    "Module scoring",
)
_IN_BOTH = 0.07
_UNNAMED = {"open": 0.12, "won": 0.08, "lost": 0.15}


def _place(rng: Random, place: Place) -> Place:
    if place != "both":
        return place
    if rng.random() < _IN_BOTH:
        return "both"
    return rng.choice(("hubspot", "salesforce"))


def make_deal(
    rng: Random, status: Status, *, place: Place, firm: Firm, old: bool, named: bool
) -> Deal:
    """One deal.

    Args:
        old: closed more than 200 days ago, as with customers who have left since.
    """
    if status == "open":
        created = -rng.randrange(DAY // 2, 150 * DAY)
        # Some expected closings have passed and nobody has moved them.
        closed = rng.randrange(-20 * DAY, 120 * DAY)
    else:
        closed = -rng.randrange(200 * DAY if old else 3 * DAY, 690 * DAY)
        created = closed - rng.randrange(5 * DAY, 120 * DAY)
    return Deal(
        place=place,
        status=status,
        named=named,
        title=f"{firm.name} - {rng.choice(_TITLES)}",
        amount=max(int(rng.lognormvariate(9.4, 1.1)) // 100 * 100, 500),
        created=created,
        closed=max(closed, created + DAY // 4),
    )


def make_deals(rng: Random, journey: Journey, *, place: Place, firm: Firm) -> tuple[Deal, ...]:
    """The deals of one human's story; the first one always names them."""
    wanted: list[Status] = ["won"] * rng.randint(*journey.won)
    wanted += ["open"] * rng.randint(*journey.open)
    wanted += ["lost"] * rng.randint(*journey.lost)
    if journey.won[1] and rng.random() < 0.2:
        wanted.append("lost")
    return tuple(
        make_deal(
            rng,
            status,
            place=_place(rng, place),
            firm=firm,
            old=journey.name == "churned",
            named=at == 0 or rng.random() >= _UNNAMED[status],
        )
        for at, status in enumerate(wanted)
    )
