"""Writes the humans into a Salesforce org: accounts, people in all their forms, and their history."""

from random import Random

from stagesync.sandbox.seeds import SalesforceSeed
from stagesync.sandbox.world.deals import make_deal
from stagesync.sandbox.world.model import DAY, Draft, Firm, Form, Status
from stagesync.sandbox.world.owners import Owner
from stagesync.sandbox.world.salesforce_activity import write_activities, write_campaigns
from stagesync.sandbox.world.salesforce_book import Book, add, clean, open_book
from stagesync.sandbox.world.salesforce_deals import write_opportunities, write_opportunity
from stagesync.sandbox.world.salesforce_people import (
    Spelling,
    conversion,
    industry_of,
    spell,
    write_contact,
    write_lead,
)
from stagesync.sandbox.world.spelling import careless_firm, country_name
from stagesync.sandbox.world.stages import account_type
from stagesync.sandbox.world.timing import day, first_known, last_changed

_FIRMS_PER_ORPHAN_DEAL = 30
_PRIVATE_CONTACTS = 0.03


def write_salesforce(
    rng: Random, drafts: list[Draft], *, anchor: int, owners: tuple[Owner, ...]
) -> tuple[SalesforceSeed, dict[str, tuple[str, ...]]]:
    """The org, and the lead and contact ids of each human by key."""
    book = open_book(rng, anchor=anchor, owners=owners)
    write_campaigns(book)
    known = {draft.key: first_known(rng, draft) for draft in drafts if draft.place != "hubspot"}
    here = [draft for draft in drafts if draft.key in known]
    _write_accounts(book, here, known=known)
    records = {draft.key: _write_human(book, draft, created=known[draft.key]) for draft in here}
    return book.seed, records


def _write_accounts(book: Book, here: list[Draft], *, known: dict[str, int]) -> None:
    """One account for each firm that has contacts; now and then with a deal that names nobody."""
    firms: dict[str, list[Draft]] = {}
    for draft in here:
        if draft.form != "lead":
            firms.setdefault(draft.firm.domain, []).append(draft)
    for at, people in enumerate(firms.values()):
        firm = people[0].firm
        account_id = _write_account(book, people, created=min(known[who.key] for who in people))
        book.accounts[firm.domain] = account_id
        if at % _FIRMS_PER_ORPHAN_DEAL == 3:
            _write_orphan_deal(book, firm, account_id=account_id)


def _write_orphan_deal(book: Book, firm: Firm, *, account_id: str) -> None:
    status: Status = book.rng.choice(("open", "lost", "open", "won"))
    deal = make_deal(book.rng, status, place="salesforce", firm=firm, old=False, named=False)
    write_opportunity(book, deal, account_id=account_id)


def _write_account(book: Book, people: list[Draft], *, created: int) -> str:
    rng, draft = book.rng, people[0]
    firm = draft.firm
    won = any(deal.status == "won" for who in people for deal in who.story.deals)
    partner = any(who.relationship == "partner" for who in people)
    known = firm.fits or rng.random() < 0.85
    return add(
        book,
        "Account",
        created=created,
        modified=last_changed(rng, created, newest=created),
        values={
            "Name": careless_firm(rng, firm.name, legal_form=firm.legal_form),
            "Type": account_type(rng, won=won, churned=firm.churned, partner=partner),
            "Industry": industry_of(rng, draft),
            "Rating": rng.choice(("Hot", "Warm", "Cold", None, None)),
            "AnnualRevenue": float(firm.revenue) if rng.random() < 0.6 else None,
            "NumberOfEmployees": firm.employees if known else None,
            "Website": clean(f"https://www.{firm.domain}/" if rng.random() < 0.85 else ""),
            "BillingCity": firm.city,
            "BillingCountry": clean(country_name(rng, firm.country)),
            "MasterRecordId": None,
            "Churned__c": firm.churned,
        },
    )


def _write_human(book: Book, draft: Draft, *, created: int) -> tuple[str, ...]:
    spelled = spell(book.rng, draft)
    if draft.form == "lead":
        return _as_lead(book, draft, spelled, created=created)
    return _as_contact(book, draft, spelled, created=created)


def _as_lead(book: Book, draft: Draft, spelled: Spelling, *, created: int) -> tuple[str, ...]:
    lead_id = write_lead(book, draft, spelled, created=created, form="lead", became={})
    write_activities(book, draft, lead_id=lead_id, contact_id=None, account_id=None)
    return (lead_id,)


def _as_contact(book: Book, draft: Draft, spelled: Spelling, *, created: int) -> tuple[str, ...]:
    """A contact, and whatever else of the same human: a second contact, a lead, a converted lead."""
    account_id = book.accounts[draft.firm.domain]
    loose = draft.form == "contact" and not draft.story.deals and not draft.firm.fits
    attached = None if loose and book.rng.random() < _PRIVATE_CONTACTS else account_id
    contact_id = write_contact(book, draft, spelled, created=created, account_id=attached)
    opportunity_id = write_opportunities(book, draft, contact_id=contact_id, account_id=account_id)
    lead_id: str | None = None
    other: tuple[str, ...] = ()
    if draft.form == "converted":
        became = conversion(
            contact_id=contact_id,
            account_id=account_id,
            opportunity_id=opportunity_id,
            on=day(book.anchor + created),
        )
        lead_id = _second_lead(book, draft, spelled, created=created, became=became)
        other = (lead_id,)
    elif draft.form == "lead_and_contact":
        other = (_second_lead(book, draft, spelled, created=created, became={}),)
    elif draft.form == "two_contacts":
        other = (write_contact(book, draft, spelled, created=created + 60, account_id=account_id),)
    write_activities(book, draft, lead_id=lead_id, contact_id=contact_id, account_id=attached)
    return (contact_id, *other)


def _second_lead(
    book: Book, draft: Draft, spelled: Spelling, *, created: int, became: dict[str, object]
) -> str:
    form: Form = "converted" if became else "lead"
    created -= book.rng.randrange(60, 30 * DAY)
    return write_lead(book, draft, spelled, created=created, form=form, became=became)
