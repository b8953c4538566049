"""Draws the humans: who they are, where they work, which CRMs know them, and their story."""

from dataclasses import dataclass, field
from random import Random

from stagesync.sandbox.world import names, trades
from stagesync.sandbox.world.firms import Market, draw_firm, make_market
from stagesync.sandbox.world.journeys import (
    DISPOSITIONS,
    EXCLUDABLE,
    JOURNEYS,
    RELATIONSHIPS,
    Journey,
    deal_out,
)
from stagesync.sandbox.world.model import Draft, Firm, Form, Place
from stagesync.sandbox.world.spelling import address_of, maybe_blank, phone_number
from stagesync.sandbox.world.stories import tell

_PLACES: dict[Place, float] = {"both": 0.6, "hubspot": 0.2, "salesforce": 0.2}
_FREE_MAIL = ("gmail.com", "outlook.com", "orange.fr", "free.fr", "hotmail.co.uk", "laposte.net")
_MAILBOXES = ("info", "contact", "achats", "sales", "accueil")
_PEOPLE_PER_MAILBOX = 3
_PEOPLE_PER_GROUP = 250


@dataclass(slots=True)
class Cast:
    """The parts that are dealt out before anybody has a name; lists by position, dicts by it."""

    places: list[Place]
    journeys: list[Journey]
    relationships: dict[int, str] = field(default_factory=dict)
    dispositions: dict[int, str] = field(default_factory=dict)
    mailboxes: dict[int, tuple[Firm, str]] = field(default_factory=dict)


def make_drafts(rng: Random, *, people: int) -> list[Draft]:
    """All humans of a world, in no order that means anything."""
    market = make_market(rng, people=people)
    cast = _cast(rng, market, people=people)
    taken = {mailbox for _, mailbox in cast.mailboxes.values()}
    return [_draft(rng, at, cast=cast, market=market, taken=taken) for at in range(people)]


def _cast(rng: Random, market: Market, *, people: int) -> Cast:
    places = deal_out(rng, _PLACES, total=people)
    shares = {journey: journey.share for journey in JOURNEYS.values()}
    cast = Cast(places, deal_out(rng, shares, total=people))
    _move_to_salesforce(cast)
    free = [at for at in range(people) if cast.journeys[at].name in EXCLUDABLE]
    rng.shuffle(free)
    _give_away(free, RELATIONSHIPS, people=people, into=cast.relationships)
    _give_away(free, DISPOSITIONS, people=people, into=cast.dispositions)
    _share_mailboxes(rng, cast, market=market, free=free)
    return cast


def _move_to_salesforce(cast: Cast) -> None:
    """Swaps journeys so that those which only Salesforce can tell stand where it has a record."""
    willing = iter(
        [
            at
            for at, journey in enumerate(cast.journeys)
            if cast.places[at] != "hubspot" and not journey.in_salesforce
        ]
    )
    for at, journey in enumerate(cast.journeys):
        other = next(willing, None) if journey.in_salesforce else None
        if other is not None and cast.places[at] == "hubspot":
            cast.journeys[at], cast.journeys[other] = cast.journeys[other], journey


def _give_away(
    free: list[int], shares: dict[str, float], *, people: int, into: dict[int, str]
) -> None:
    """Takes people off the end of `free`, at least one for each mark while any are left."""
    for mark, share in shares.items():
        for _ in range(min(max(round(share * people), 1), len(free))):
            into[free.pop()] = mark


def _share_mailboxes(rng: Random, cast: Cast, *, market: Market, free: list[int]) -> None:
    """Groups colleagues whom Salesforce knows by one mailbox; the first mailbox is in HubSpot too."""
    unknown_to_hubspot = [at for at in free if cast.places[at] == "salesforce"]
    unknown_to_salesforce = [at for at in free if cast.places[at] == "hubspot"]
    groups = max(len(cast.places) // _PEOPLE_PER_GROUP, 1)
    taken: set[str] = set()
    while groups and len(unknown_to_hubspot) >= _PEOPLE_PER_MAILBOX:
        firm = draw_firm(rng, market.ordinary)
        mailbox = f"{rng.choice(_MAILBOXES)}@{firm.domain}"
        if mailbox in taken:
            continue
        members = [unknown_to_hubspot.pop() for _ in range(_PEOPLE_PER_MAILBOX)]
        if not taken and unknown_to_salesforce:
            members.append(unknown_to_salesforce.pop())
        cast.mailboxes.update(dict.fromkeys(members, (firm, mailbox)))
        taken.add(mailbox)
        groups -= 1


def _firm_for(rng: Random, market: Market, journey: Journey) -> Firm:
    if journey.name == "churned":
        return draw_firm(rng, market.churned)
    if journey.fits and market.fitting:
        return draw_firm(rng, market.fitting)
    if rng.random() < 0.01:
        return draw_firm(rng, market.churned)
    return draw_firm(rng, market.ordinary)


def _form(rng: Random, journey: Journey, *, has_deals: bool, disposition: str) -> Form:
    """As what Salesforce holds someone: who buys is a contact, who only asks mostly a lead."""
    if journey.name == "converted":
        return "converted"
    way = rng.random()
    if disposition:
        return "lead"
    if has_deals:
        options: tuple[Form, ...] = ("contact", "converted", "lead_and_contact", "two_contacts")
        return options[(way >= 0.6) + (way >= 0.91) + (way >= 0.96)]
    options = ("lead", "contact", "lead_and_contact", "two_contacts")
    return options[(way >= 0.72) + (way >= 0.95) + (way >= 0.98)]


def _title(rng: Random, language: str, *, journey: Journey, relationship: str) -> str:
    if relationship == "student":
        return rng.choice(trades.STUDENT_TITLES[language])
    if journey.fits or rng.random() < 0.5:
        return rng.choice(trades.SENIOR_TITLES[language])
    return maybe_blank(rng, rng.choice(trades.JUNIOR_TITLES[language]), chance=0.12)


def _unused_address(rng: Random, *, first: str, last: str, domain: str, taken: set[str]) -> str:
    email = address_of(rng, first=first, last=last, domain=domain)
    local, domain = email.split("@")
    number = 1
    while email in taken:
        number += 1
        email = f"{local}{number}@{domain}"
    taken.add(email)
    return email


def _addresses(
    rng: Random, place: Place, *, first: str, last: str, firm: Firm, taken: set[str]
) -> tuple[str, str]:
    """What HubSpot and Salesforce know; now and then one of them, or both, knows nothing."""
    domain = rng.choice(_FREE_MAIL) if rng.random() < 0.06 else firm.domain
    email = _unused_address(rng, first=first, last=last, domain=domain, taken=taken)
    if rng.random() >= 0.03:
        return email, email
    return (email if place == "both" else ""), ""


def _note(  # one guard per kind, the rarest first
    form: Form, *, cast: Cast, at: int, journey: Journey, known: bool
) -> str:
    if at in cast.mailboxes:
        return "shared_mailbox"
    if at in cast.relationships:
        return cast.relationships[at]
    if cast.places[at] != "hubspot" and form in {"lead_and_contact", "two_contacts"}:
        return "duplicate"
    if cast.places[at] != "hubspot" and form == "converted":
        return "converted"
    if journey.name in {"churned", "advocate"}:
        return journey.name
    if at in cast.dispositions:
        return cast.dispositions[at]
    return "" if known else "no_email"


def _draft(rng: Random, at: int, *, cast: Cast, market: Market, taken: set[str]) -> Draft:
    journey, place = cast.journeys[at], cast.places[at]
    firm, mailbox = cast.mailboxes.get(at) or (_firm_for(rng, market, journey), "")
    french = (firm.country.language == "fr") ^ (rng.random() < 0.15)
    language = "fr" if french else "en"
    first = rng.choice(names.FRENCH_FIRST if french else names.ENGLISH_FIRST)
    last = rng.choice(names.FRENCH_LAST if french else names.ENGLISH_LAST)
    story = tell(rng, journey, place=place, firm=firm)
    relationship = cast.relationships.get(at, "")
    disposition = cast.dispositions.get(at, "")
    form = _form(rng, journey, has_deals=bool(story.deals), disposition=disposition)
    title = _title(rng, language, journey=journey, relationship=relationship)
    email, told = mailbox, mailbox
    if not mailbox:
        email, told = _addresses(rng, place, first=first, last=last, firm=firm, taken=taken)
    return Draft(
        key=f"h{at:06d}",
        first=first,
        last=last,
        title=title,
        email=email,
        salesforce_email=told,
        phone=phone_number(rng, firm.country) if rng.random() < 0.7 else "",
        need=rng.choice(trades.NEEDS) if rng.random() < 0.12 else "",
        firm=firm,
        place=place,
        journey=journey.name,
        form=form,
        relationship=relationship,
        disposition=disposition,
        imported=journey.depth == 0 and rng.random() < 0.4,
        note=_note(form, cast=cast, at=at, journey=journey, known=bool(told)),
        story=story,
    )
