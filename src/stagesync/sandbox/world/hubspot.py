"""Writes the humans into a HubSpot account: companies, contacts, and what hangs on them."""

from random import Random

from stagesync.sandbox.seeds import HubSpotSeed
from stagesync.sandbox.world.deals import make_deal
from stagesync.sandbox.world.hubspot_activity import (
    counters,
    write_deal,
    write_deals,
    write_touches,
)
from stagesync.sandbox.world.hubspot_book import Book, add, any_owner, link, open_book
from stagesync.sandbox.world.model import Draft, Firm, Status
from stagesync.sandbox.world.owners import Owner
from stagesync.sandbox.world.spelling import careless_phone, country_name, maybe_blank
from stagesync.sandbox.world.stages import company_stage, hubspot_lead_status, lifecycle_stage
from stagesync.sandbox.world.timing import first_known, last_changed

_FIRMS_PER_ORPHAN_DEAL = 40


def write_hubspot(
    rng: Random, drafts: list[Draft], *, anchor: int, owners: tuple[Owner, ...]
) -> tuple[HubSpotSeed, dict[str, str]]:
    """The account, and the contact id of each human by key."""
    book = open_book(rng, anchor=anchor, owners=owners)
    known = {draft.key: first_known(rng, draft) for draft in drafts if draft.place != "salesforce"}
    here = [draft for draft in drafts if draft.key in known]
    _write_companies(book, here, known=known)
    contacts = {draft.key: _write_contact(book, draft, created=known[draft.key]) for draft in here}
    return book.seed, contacts


def _write_companies(book: Book, here: list[Draft], *, known: dict[str, int]) -> None:
    """One company for each firm; now and then with a deal that names nobody."""
    firms: dict[str, Firm] = {}
    since: dict[str, int] = {}
    for draft in here:
        domain = draft.firm.domain
        firms[domain] = draft.firm
        since[domain] = min(since.get(domain, 0), known[draft.key])
    buyers = {
        draft.firm.domain
        for draft in here
        if any(deal.status == "won" for deal in draft.story.deals)
    }
    for at, (domain, firm) in enumerate(firms.items()):
        _write_company(book, firm, created=since[domain], won=domain in buyers)
        if at % _FIRMS_PER_ORPHAN_DEAL == 7:
            status: Status = book.rng.choice(("open", "lost", "open", "won"))
            write_deal(
                book,
                make_deal(book.rng, status, place="hubspot", firm=firm, old=False, named=False),
                domain=domain,
            )


def _write_company(book: Book, firm: Firm, *, created: int, won: bool) -> None:
    rng = book.rng
    sized = firm.fits or rng.random() < 0.85
    book.companies[firm.domain] = add(
        book,
        "companies",
        created=created,
        updated=last_changed(rng, created, newest=created),
        properties={
            "name": firm.name if rng.random() < 0.5 else f"{firm.name} {firm.legal_form}",
            "domain": firm.domain,
            "website": f"https://www.{firm.domain}",
            "industry": rng.choice(firm.industry.hubspot) if sized else "",
            "numberofemployees": str(firm.employees) if sized else "",
            "annualrevenue": str(firm.revenue) if rng.random() < 0.7 else "",
            "country": country_name(rng, firm.country),
            "city": firm.city,
            "lifecyclestage": company_stage(rng, won=won),
            "churned": "true" if firm.churned else rng.choice(("false", "")),
            "hubspot_owner_id": any_owner(book),
        },
    )


def _write_contact(book: Book, draft: Draft, *, created: int) -> str:
    contact_id = add(
        book,
        "contacts",
        created=created,
        updated=last_changed(book.rng, created, newest=_newest(draft, created=created)),
        properties=_identity(book, draft)
        | _standing(book, draft)
        | counters(book, draft.story.trail),
    )
    # Without its company a contact has no size and no trade: rare, and never for those who fit.
    attached = draft.story.deals or draft.firm.fits or book.rng.random() < 0.9
    company_id = book.companies[draft.firm.domain] if attached else None
    link(book, "contacts", contact_id, to="companies", other_id=company_id)
    write_deals(book, draft, contact_id=contact_id)
    write_touches(book, draft, contact_id=contact_id)
    return contact_id


def _newest(draft: Draft, *, created: int) -> int:
    """The last thing that moved the contact's own counters."""
    if draft.imported:
        return created
    trail = draft.story.trail
    moments = (
        trail.last_visit,
        trail.last_open,
        trail.last_click,
        trail.last_form,
        trail.last_reply,
    )
    return max([created, *(moment for moment in moments if moment is not None)])


def _identity(book: Book, draft: Draft) -> dict[str, str]:
    rng = book.rng
    return {
        "email": draft.email,
        "firstname": draft.first,
        "lastname": draft.last,
        "jobtitle": draft.title,
        "company": maybe_blank(rng, draft.firm.name, chance=0.03),
        "phone": careless_phone(rng, draft.phone, country=draft.firm.country),
        "country": country_name(rng, draft.firm.country),
        "city": draft.firm.city if rng.random() < 0.6 else "",
        "hubspot_owner_id": any_owner(book),
    }


def _standing(book: Book, draft: Draft) -> dict[str, str]:
    """Stages and marks; what one CRM leaves out, the other one says."""
    rng = book.rng
    only_here = draft.place == "hubspot"
    ordinary = "prospect" if rng.random() < 0.3 else ""
    told = only_here or int(draft.key[1:]) % 3 != 1
    return {
        "lifecyclestage": lifecycle_stage(rng, draft),
        "hs_lead_status": hubspot_lead_status(rng, draft),
        "relationship_type": draft.relationship if told and draft.relationship else ordinary,
        "main_need": draft.need if told else "",
    }
