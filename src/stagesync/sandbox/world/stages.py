"""The stages that people in the company once set: plausible one by one, at odds with each other."""

from random import Random

from stagesync.sandbox.world.model import Draft, Form

_LIFECYCLES: dict[str, tuple[tuple[str, int], ...]] = {
    "churned": (("customer", 60), ("other", 20), ("lead", 15), ("opportunity", 5)),
    "advocate": (("customer", 55), ("evangelist", 20), ("lead", 15), ("opportunity", 10)),
    "loyal": (("customer", 75), ("opportunity", 10), ("lead", 15)),
    "client": (("customer", 70), ("opportunity", 12), ("lead", 13), ("subscriber", 5)),
    "negotiating": (("opportunity", 55), ("salesqualifiedlead", 15), ("lead", 25), ("customer", 5)),
    "lost": (("opportunity", 45), ("lead", 35), ("salesqualifiedlead", 15), ("other", 5)),
    "converted": (("salesqualifiedlead", 35), ("marketingqualifiedlead", 30), ("lead", 35)),
    "hot": (("lead", 50), ("marketingqualifiedlead", 22), ("subscriber", 10), ("opportunity", 8), ("", 10)),
    "request": (("lead", 58), ("subscriber", 15), ("marketingqualifiedlead", 15), ("salesqualifiedlead", 8), ("customer", 4)),
    "gesture": (("lead", 50), ("subscriber", 35), ("marketingqualifiedlead", 10), ("other", 5)),
    "passive": (("lead", 55), ("subscriber", 35), ("marketingqualifiedlead", 5), ("", 5)),
    "target": (("lead", 65), ("subscriber", 15), ("opportunity", 5), ("", 15)),
    "silent": (("lead", 65), ("subscriber", 20), ("other", 5), ("", 10)),
}  # fmt: skip

_LEAD_STATUSES = ("NEW", "OPEN", "IN_PROGRESS", "ATTEMPTED_TO_CONTACT", "CONNECTED")

UNMAPPED_LEAD_STATUS = "Call back in spring"
UNMAPPED_ACCOUNT_TYPE = "Alumni"


def _pick(rng: Random, weighted: tuple[tuple[str, int], ...]) -> str:
    values, weights = zip(*weighted, strict=True)
    return str(rng.choices(values, weights)[0])


def lifecycle_stage(rng: Random, draft: Draft) -> str:
    """HubSpot's `lifecyclestage` of a contact; "" when it was never set."""
    return _pick(rng, _LIFECYCLES[draft.journey])


def hubspot_lead_status(rng: Random, draft: Draft) -> str:
    """HubSpot's `hs_lead_status`; only people who were written off bear the last two values."""
    if draft.disposition:
        return {"disqualified": "UNQUALIFIED", "nurture": "BAD_TIMING"}[draft.disposition]
    if draft.journey == "negotiating" and rng.random() < 0.6:
        return "OPEN_DEAL"
    return rng.choice(_LEAD_STATUSES) if rng.random() < 0.45 else ""


def lead_status(rng: Random, draft: Draft, *, form: Form) -> str:
    """Salesforce's `Lead.Status`, classic values and one that only this company has."""
    if form == "converted":
        return "Closed - Converted"
    if draft.disposition == "disqualified" and (draft.place == "salesforce" or rng.random() < 0.7):
        return "Closed - Not Converted"
    if draft.disposition == "nurture" or rng.random() < 0.03:
        return UNMAPPED_LEAD_STATUS
    return "Working - Contacted" if rng.random() < 0.35 else "Open - Not Contacted"


def account_type(rng: Random, *, won: bool, churned: bool, partner: bool) -> str | None:
    """Salesforce's `Account.Type`; None when nobody chose one."""
    if churned:
        return UNMAPPED_ACCOUNT_TYPE if rng.random() < 0.85 else "Customer - Direct"
    if partner and rng.random() < 0.7:
        return rng.choice(("Channel Partner / Reseller", "Technology Partner"))
    if won and rng.random() < 0.85:
        return rng.choice(("Customer - Direct",) * 6 + ("Customer - Channel", "Prospect"))
    return rng.choice(("Prospect",) * 6 + (None, None, None, "Other", "Customer - Direct"))


def company_stage(rng: Random, *, won: bool) -> str:
    """HubSpot's `lifecyclestage` of a company."""
    if won and rng.random() < 0.75:
        return "customer"
    return rng.choice(("lead", "lead", "lead", "opportunity", "marketingqualifiedlead", ""))
