"""The market: firms with names, domains, trades, sizes with a long tail, and countries."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from stagesync.sandbox.world.model import Firm
from stagesync.sandbox.world.places import COUNTRIES
from stagesync.sandbox.world.spelling import mail_word
from stagesync.sandbox.world.trades import FIRM_EXTRAS, FIRM_HEADS, FIRM_TAILS, INDUSTRIES

_COUNTRY_WEIGHTS = [country.weight for country in COUNTRIES]
_INDUSTRY_WEIGHTS = [industry.weight for industry in INDUSTRIES]
_PEOPLE_PER_FIRM = 3
_CHURNED_SHARE = 0.025


@dataclass(frozen=True, slots=True)
class Market:
    """All firms, and those among them that a kind of person must come from."""

    ordinary: list[Firm]
    fitting: list[Firm]
    churned: list[Firm]


def _names(rng: Random) -> Iterator[str]:
    """Endless firm names, none twice; numbers come in when the words run out."""
    taken: set[str] = set()
    while True:
        name = rng.choice(FIRM_HEADS) + rng.choice(FIRM_TAILS) + rng.choice(FIRM_EXTRAS)
        if mail_word(name) in taken:
            name = f"{name} {rng.randrange(2, 10_000)}"
        if mail_word(name) not in taken:
            taken.add(mail_word(name))
            yield name


def _firm(rng: Random, name: str, *, fitting: bool, churned: bool) -> Firm:
    industry = rng.choices(INDUSTRIES, _INDUSTRY_WEIGHTS)[0]
    country = rng.choices(COUNTRIES, _COUNTRY_WEIGHTS)[0]
    employees = min(max(int(rng.lognormvariate(4.4, 1.9)), 1), 250_000)
    while fitting and not (industry.in_target and country.in_target):
        industry = rng.choices(INDUSTRIES, _INDUSTRY_WEIGHTS)[0]
        country = rng.choices(COUNTRIES, _COUNTRY_WEIGHTS)[0]
    if fitting and not 50 <= employees <= 5000:
        employees = 50 + int(1200 * rng.random() ** 2)
    return Firm(
        name=name,
        legal_form=rng.choice(country.legal_forms),
        domain=f"{mail_word(name)}.{rng.choice((country.suffix, country.suffix, 'com', 'eu'))}",
        industry=industry,
        employees=employees,
        revenue=int(employees * rng.lognormvariate(11.6, 0.5)) // 1000 * 1000,
        country=country,
        city=rng.choice(country.cities),
        churned=churned,
    )


def make_market(rng: Random, *, people: int) -> Market:
    """As many firms as `people` humans need: about three people to a firm, with a long tail."""
    names = _names(rng)
    total = max(people // _PEOPLE_PER_FIRM, 3)
    gone = max(int(total * _CHURNED_SHARE), 1)
    churned = [_firm(rng, next(names), fitting=False, churned=True) for _ in range(gone)]
    ordinary = [
        _firm(rng, next(names), fitting=at % 4 == 0, churned=False) for at in range(total - gone)
    ]
    return Market(ordinary, [firm for firm in ordinary if firm.fits], churned)


def draw_firm(rng: Random, firms: list[Firm]) -> Firm:
    """A firm of the list; early ones are drawn more often, so that some have many people."""
    return firms[int(len(firms) * rng.random() ** 1.6)]
