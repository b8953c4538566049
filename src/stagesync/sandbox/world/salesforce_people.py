"""Writes one human into Salesforce: as lead, as contact, as both, or as a lead that became one."""

from dataclasses import dataclass
from random import Random

from stagesync.sandbox.world.model import Draft, Form
from stagesync.sandbox.world.salesforce_book import Book, Row, add, clean
from stagesync.sandbox.world.spelling import (
    careless_email,
    careless_firm,
    careless_first,
    careless_last,
    careless_phone,
    country_name,
    maybe_blank,
)
from stagesync.sandbox.world.stages import lead_status
from stagesync.sandbox.world.timing import day, last_changed

_SOURCES = ("Web", "Web", "Phone Inquiry", "Partner Referral", "Other", None)
_ODD_INDUSTRIES = ("N/A", "-", "Unknown", "Divers", "Industrie du futur")


@dataclass(frozen=True, slots=True)
class Spelling:
    """How Salesforce spells one human; all their records there spell alike."""

    first: str
    last: str
    email: str
    phone: str
    country: str


def spell(rng: Random, draft: Draft) -> Spelling:
    return Spelling(
        first=careless_first(rng, draft.first),
        last=careless_last(rng, draft.last),
        email=careless_email(rng, draft.salesforce_email),
        phone=careless_phone(rng, draft.phone, country=draft.firm.country),
        country=country_name(rng, draft.firm.country),
    )


def industry_of(rng: Random, draft: Draft) -> str | None:
    """The picklist value, or for firms that do not fit now and then none, or an unknown one."""
    if draft.firm.fits or rng.random() < 0.85:
        return rng.choice(draft.firm.industry.salesforce)
    return rng.choice((*_ODD_INDUSTRIES, None, None, None))


def write_lead(
    book: Book, draft: Draft, spelled: Spelling, *, created: int, form: Form, became: Row
) -> str:
    """A lead; `became` holds the ids of what it was converted into, and the day, or nothing."""
    rng = book.rng
    changed = created if draft.imported else last_changed(rng, created, newest=created)
    known = draft.firm.fits or rng.random() < 0.8
    return add(
        book,
        "Lead",
        created=created,
        modified=changed,
        values=_person(book, draft, spelled)
        | {
            "Company": _company(rng, draft),
            "City": clean(draft.firm.city if rng.random() < 0.7 else ""),
            "Country": clean(spelled.country),
            "Website": clean(f"www.{draft.firm.domain}" if rng.random() < 0.5 else ""),
            "LeadSource": "Purchased List" if draft.imported else rng.choice(_SOURCES),
            "Status": lead_status(rng, draft, form=form),
            "Industry": industry_of(rng, draft),
            "Rating": rng.choice(("Hot", "Warm", "Cold", None, None)),
            "AnnualRevenue": float(draft.firm.revenue) if rng.random() < 0.5 else None,
            "NumberOfEmployees": draft.firm.employees if known else None,
            "IsConverted": bool(became),
            "ConvertedDate": None,
            "ConvertedAccountId": None,
            "ConvertedContactId": None,
            "ConvertedOpportunityId": None,
            "IsUnreadByOwner": not became and rng.random() < 0.2,
            **became,
        },
    )


def write_contact(
    book: Book, draft: Draft, spelled: Spelling, *, created: int, account_id: str | None
) -> str:
    rng = book.rng
    changed = created if draft.imported else last_changed(rng, created, newest=created)
    return add(
        book,
        "Contact",
        created=created,
        modified=changed,
        values=_person(book, draft, spelled)
        | {
            "AccountId": account_id,
            "Department": rng.choice(("Marketing", "Ventes", "IT", "Finance", None, None)),
            "LeadSource": "Purchased List" if draft.imported else rng.choice(_SOURCES),
            "MailingCity": clean(draft.firm.city if rng.random() < 0.7 else ""),
            "MailingCountry": clean(spelled.country),
        },
    )


def conversion(*, contact_id: str, account_id: str, opportunity_id: str | None, on: str) -> Row:
    """The fields of a converted lead that lead on to what it became."""
    return {
        "ConvertedDate": on,
        "ConvertedAccountId": account_id,
        "ConvertedContactId": contact_id,
        "ConvertedOpportunityId": opportunity_id,
    }


def _company(rng: Random, draft: Draft) -> str:
    if rng.random() < 0.04:
        return rng.choice(("[not provided]", "-", "N/A", "Freelance"))
    return careless_firm(rng, draft.firm.name, legal_form=draft.firm.legal_form)


def _person(book: Book, draft: Draft, spelled: Spelling) -> Row:
    """What leads and contacts have in common."""
    rng = book.rng
    past = [at.at for at in draft.story.touches if at.place != "hubspot" and at.at <= 0]
    ordinary = "prospect" if rng.random() < 0.3 else None
    # The other CRM keeps silent about another third: together they always say it.
    told = draft.place == "salesforce" or int(draft.key[1:]) % 3 != 2
    return {
        "FirstName": clean(spelled.first),
        "LastName": spelled.last,
        "Name": f"{spelled.first} {spelled.last}",
        "Title": clean(maybe_blank(rng, draft.title, chance=0.0 if draft.firm.fits else 0.06)),
        "Email": clean(spelled.email),
        "Phone": clean(spelled.phone),
        "HasOptedOutOfEmail": draft.story.trail.opted_out or rng.random() < 0.02,
        "LastActivityDate": day(book.anchor + max(past)) if past else None,
        "MasterRecordId": None,
        "Relationship__c": draft.relationship if told and draft.relationship else ordinary,
        "Main_Need__c": (clean(draft.need) if told else None) or _no_need(rng),
    }


def _no_need(rng: Random) -> str | None:
    return rng.choice((" ", "")) or None if rng.random() < 0.03 else None
