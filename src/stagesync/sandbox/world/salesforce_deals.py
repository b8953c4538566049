"""Writes Salesforce's opportunities and the contact roles that tie people to them."""

from stagesync.sandbox.world.model import Deal, Draft
from stagesync.sandbox.world.salesforce_book import Book, Row, add
from stagesync.sandbox.world.timing import day, last_changed

_OPEN_STAGES = {
    "Prospecting": (10, "Pipeline"),
    "Qualification": (10, "Pipeline"),
    "Needs Analysis": (20, "Pipeline"),
    "Value Proposition": (50, "Pipeline"),
    "Id. Decision Makers": (60, "Pipeline"),
    "Perception Analysis": (70, "Pipeline"),
    "Proposal/Price Quote": (75, "Pipeline"),
    "Negotiation/Review": (90, "Pipeline"),
}
_CLOSED_STAGES = {"won": ("Closed Won", 100, "Closed"), "lost": ("Closed Lost", 0, "Omitted")}
_ROLES = ("Decision Maker", "Economic Buyer", "Influencer", "Evaluator", "Business User", None)


def write_opportunities(
    book: Book, draft: Draft, *, contact_id: str, account_id: str
) -> str | None:
    """The deals of one person's story that Salesforce holds; returns the first one's id."""
    first: str | None = None
    for deal in draft.story.deals:
        if deal.place == "hubspot":
            continue
        opportunity_id = write_opportunity(book, deal, account_id=account_id)
        first = first or opportunity_id
        if deal.named:
            _role(book, deal, opportunity_id=opportunity_id, contact_id=contact_id)
    return first


def write_opportunity(book: Book, deal: Deal, *, account_id: str) -> str:
    """One deal of an account."""
    newest = deal.created if deal.status == "open" else deal.closed
    values = _stage(book, deal)
    return add(
        book,
        "Opportunity",
        created=deal.created,
        modified=last_changed(book.rng, deal.created, newest=newest),
        values={
            "Name": deal.title,
            "AccountId": account_id,
            "Amount": float(deal.amount),
            "CloseDate": day(book.anchor + deal.closed),
            "Type": book.rng.choice(
                ("New Customer", "New Customer", "Existing Customer - Upgrade", None)
            ),
            "LeadSource": book.rng.choice(("Web", "Partner Referral", "Other", None)),
            **values,
        },
    )


def _stage(book: Book, deal: Deal) -> Row:
    if deal.status == "open":
        stage = book.rng.choice(tuple(_OPEN_STAGES))
        probability, forecast = _OPEN_STAGES[stage]
    else:
        stage, probability, forecast = _CLOSED_STAGES[deal.status]
    return {
        "StageName": stage,
        "Probability": probability,
        "ForecastCategory": forecast,
        "ForecastCategoryName": forecast,
        "IsClosed": deal.status != "open",
        "IsWon": deal.status == "won",
    }


def _role(book: Book, deal: Deal, *, opportunity_id: str, contact_id: str) -> None:
    add(
        book,
        "OpportunityContactRole",
        created=deal.created,
        modified=deal.created,
        values={
            "OpportunityId": opportunity_id,
            "ContactId": contact_id,
            "Role": book.rng.choice(_ROLES),
            "IsPrimary": book.rng.random() < 0.7,
        },
    )
