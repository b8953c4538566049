"""One HubSpot account: its records, definitions and settings. Handlers share it under a lock."""

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.hubspot.changes import Changes
from stagesync.sandbox.hubspot.feeds import Feeds
from stagesync.sandbox.hubspot.limits import Limits
from stagesync.sandbox.hubspot.links import Links
from stagesync.sandbox.hubspot.model import KINDS, Option
from stagesync.sandbox.hubspot.schema import Schema, default_schema
from stagesync.sandbox.hubspot.schema_activities import LEAD_STAGES
from stagesync.sandbox.hubspot.store import ObjectStore
from stagesync.sandbox.hubspot.switches import HubSpotSwitches

FIRST_NEW_ID = 200_000_000_000
HUMAN_USER_ID = 4_471
OTHER_APP_ID = 77_001


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a deal pipeline; a probability of 1 means won."""

    id: str
    label: str
    probability: str
    closed: bool

    @property
    def won(self) -> bool:
        """True for a closed stage of certain probability."""
        return self.closed and float(self.probability) == 1.0


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A deal pipeline with its stages in order."""

    id: str
    label: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Owner:
    """A user who may own records."""

    id: str
    user_id: int
    email: str
    first: str
    last: str


PIPELINES = (
    Pipeline(
        "default",
        "Sales Pipeline",
        (
            Stage("appointmentscheduled", "Appointment Scheduled", "0.2", closed=False),
            Stage("qualifiedtobuy", "Qualified To Buy", "0.4", closed=False),
            Stage("presentationscheduled", "Presentation Scheduled", "0.6", closed=False),
            Stage("decisionmakerboughtin", "Decision Maker Bought-In", "0.8", closed=False),
            Stage("contractsent", "Contract Sent", "0.9", closed=False),
            Stage("closedwon", "Closed Won", "1.0", closed=True),
            Stage("closedlost", "Closed Lost", "0.0", closed=True),
        ),
    ),
    Pipeline(
        "renewals",
        "Renewals",
        (
            Stage("1000021", "To renew", "0.5", closed=False),
            Stage("1000022", "Renewed", "1.0", closed=True),
            Stage("1000023", "Churned", "0.0", closed=True),
        ),
    ),
)
LEAD_PIPELINES = (
    Pipeline(
        "lead-pipeline-id",
        "Lead pipeline",
        tuple(
            Stage(id_, label, "0.0", closed=id_ in {"qualified-stage-id", "unqualified-stage-id"})
            for id_, label in LEAD_STAGES.items()
        ),
    ),
)
OWNERS = tuple(
    Owner(
        str(91_000_000 + n),
        HUMAN_USER_ID + n,
        f"{first}.{last}@vendeur.example".lower(),
        first,
        last,
    )
    for n, (first, last) in enumerate(
        (
            ("Camille", "Roux"),
            ("James", "Ward"),
            ("Ines", "Petit"),
            ("Hugo", "Blanc"),
            ("Amy", "Cole"),
        )
    )
)


def account_zone(name: str = "Europe/Paris") -> ZoneInfo:
    """The account's time zone; UTC on a machine without time zone data."""
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return ZoneInfo("UTC")


@dataclass
class Portal:
    """Everything the API shows and changes."""

    clock: SimClock
    switches: HubSpotSwitches
    random: random.Random
    portal_id: int = 24_000_001
    app_id: int = 31_415
    zone: ZoneInfo = field(default_factory=account_zone)
    links: Links = field(default_factory=Links)
    pipelines: tuple[Pipeline, ...] = PIPELINES
    owners: tuple[Owner, ...] = OWNERS
    schemas: dict[str, Schema] = field(
        default_factory=lambda: {name: default_schema(kind) for name, kind in KINDS.items()}
    )
    stores: dict[str, ObjectStore] = field(
        default_factory=lambda: {name: ObjectStore(kind) for name, kind in KINDS.items()}
    )
    feeds: Feeds = field(default_factory=Feeds)
    changes: Changes = field(default_factory=Changes)
    asked: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in KINDS})
    last_id: int = FIRST_NEW_ID
    limits: Limits = field(init=False)
    _held_ms: int | None = None

    def __post_init__(self) -> None:
        """Opens the counters; offers owners, pipelines and deal stages as choices."""
        self.limits = Limits(self.switches, self.zone)
        self.name_owners(self.owners)
        deals = self.schemas["deals"]
        deals.options(
            "pipeline", tuple(Option(p.id, p.label, n) for n, p in enumerate(self.pipelines))
        )
        deals.options(
            "dealstage",
            tuple(Option(stage.id, stage.label, n) for n, stage in enumerate(self.stages.values())),
        )

    def name_owners(self, owners: Iterable[Owner]) -> None:
        """Makes these, by id, the users who may own records."""
        self.owners = tuple(sorted(owners, key=lambda owner: int(owner.id)))
        choices = tuple(Option(owner.id, f"{owner.first} {owner.last}") for owner in self.owners)
        for schema in self.schemas.values():
            schema.options("hubspot_owner_id", choices)

    @cached_property
    def stages(self) -> dict[str, Stage]:
        """Deal stages of all pipelines by id."""
        return {stage.id: stage for pipeline in self.pipelines for stage in pipeline.stages}

    def now_ms(self) -> int:
        """The simulated instant in milliseconds."""
        return self._held_ms if self._held_ms is not None else int(self.clock.now() * 1000)

    @contextmanager
    def one_instant(self) -> Iterator[int]:
        """Lets everything inside happen in one millisecond, which it gives."""
        self._held_ms = self.now_ms()
        try:
            yield self._held_ms
        finally:
            self._held_ms = None

    def new_id(self) -> int:
        """A fresh record id, above all others, with gaps as in a busy account."""
        self.last_id += self.random.randint(1, 40)
        return self.last_id
