"""What the generator knows before it writes anything into a CRM.

Instants are whole seconds relative to the world's anchor, a moment a few minutes before `now`:
-86400 is a day before it, and only planned meetings and expected closings are above 0.
"""

from dataclasses import dataclass
from typing import Literal

from stagesync.sandbox.world.places import Country
from stagesync.sandbox.world.trades import Industry

DAY = 86_400

Place = Literal["both", "hubspot", "salesforce"]
Status = Literal["open", "won", "lost"]
Form = Literal["lead", "contact", "converted", "lead_and_contact", "two_contacts"]


@dataclass(frozen=True, slots=True)
class Firm:
    """A company of the market, whether or not a CRM knows it."""

    name: str
    legal_form: str
    domain: str
    industry: Industry
    employees: int
    revenue: int
    country: Country
    city: str
    churned: bool

    @property
    def fits(self) -> bool:
        """Whether size, trade and country are what the vendor sells to."""
        return 50 <= self.employees <= 5000 and self.industry.in_target and self.country.in_target


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal with one person's company.

    Attributes:
        place: the CRM that holds it; rarely both do.
        named: whether it names its contact; otherwise it hangs on the company alone.
        created: seconds from the anchor.
        closed: seconds from the anchor; for an open deal the expected closing.
    """

    place: Place
    status: Status
    named: bool
    title: str
    amount: int
    created: int
    closed: int


@dataclass(frozen=True, slots=True)
class Touch:
    """One dated activity that a CRM holds as a record of its own.

    Attributes:
        kind: meeting, call_in, call_out, email_out, task, webinar, event, content, email, referral.
        outcome: what came of it, in the generator's own words; "" where there is only one way.
        at: when it took place or will, seconds from the anchor.
        place: the CRM that holds it; "both" only for meetings.
    """

    kind: str
    outcome: str
    at: int
    place: Place


@dataclass(frozen=True, slots=True)
class Trail:
    """What HubSpot keeps as counters with a last date. A last date of None means never."""

    visits: int = 0
    last_visit: int | None = None
    delivered: int = 0
    last_sent: int | None = None
    opens: int = 0
    last_open: int | None = None
    clicks: int = 0
    last_click: int | None = None
    replies: int = 0
    last_reply: int | None = None
    forms: int = 0
    first_form: int | None = None
    last_form: int | None = None
    form_name: str = ""
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """What happened with one human."""

    trail: Trail
    touches: tuple[Touch, ...]
    deals: tuple[Deal, ...]

    @property
    def oldest(self) -> int:
        """The first instant of the story, or the anchor when nothing happened."""
        trail = self.trail
        known = (trail.last_visit, trail.last_sent, trail.first_form, trail.last_click)
        moments = [moment for moment in known if moment is not None]
        moments += [touch.at for touch in self.touches]
        moments += [deal.created for deal in self.deals]
        return min(moments, default=0)


@dataclass(frozen=True, slots=True)
class Draft:
    """One human, before the CRMs spell them in their own ways.

    Attributes:
        place: where records of this human stand.
        journey: the kind of story, see `journeys`.
        form: as what Salesforce holds this human; of no meaning for place "hubspot".
        email: what HubSpot holds, lower-case and unique; "" when it knows none.
        salesforce_email: what Salesforce was told, before anybody misspells it; may be a mailbox
            of the firm that several people share; "" when it knows none.
        relationship: competitor, student, supplier or partner; "" for an ordinary buyer.
        disposition: disqualified, nurture or "".
        imported: came in one bulk load, with the same stamp as all others of that load.
    """

    key: str
    first: str
    last: str
    title: str
    email: str
    salesforce_email: str
    phone: str
    need: str
    firm: Firm
    place: Place
    journey: str
    form: Form
    relationship: str
    disposition: str
    imported: bool
    note: str
    story: Story
