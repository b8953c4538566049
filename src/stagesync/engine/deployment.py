"""Everything a run works with, put together by `app`."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stagesync.connector import Clock, Connector, Role
from stagesync.domain.breach import watched_types
from stagesync.domain.classify import Classifier, classify
from stagesync.domain.compile import CompiledPolicy, compile_policy
from stagesync.domain.edits import EditRules
from stagesync.domain.guard import Limits
from stagesync.domain.mapping import CrmMapping, ObjectMapping
from stagesync.domain.plan import VendorStage
from stagesync.domain.policy import Policy
from stagesync.domain.treatment import TreatmentOf, compile_treatments, treating
from stagesync.domain.vocabulary import Vocabulary
from stagesync.engine.channels import Channel
from stagesync.engine.heads import LogRules
from stagesync.store import Store


@dataclass(frozen=True, slots=True)
class Connected:
    """One configured CRM account.

    Attributes:
        first_mode: `observe` or `active`: what it starts with when the store has never seen it.
        poll_s: seconds between two pulls of the daemon.
        automation_users: ids of users in the CRM behind whom a program stands.
        writes_per_hour: records that may be written within an hour; None means all at once.
        wait_for_first_load: nothing is written anywhere until all of it was read once.
    """

    name: str
    connector: Connector
    mapping: CrmMapping
    vendor_stage: VendorStage = VendorStage.OFF
    first_mode: str = "observe"
    poll_s: float = 60.0
    writes_per_hour: int | None = None
    automation_users: frozenset[str] = frozenset()
    wait_for_first_load: bool = True

    @property
    def roles(self) -> Mapping[str, Role]:
        """Mapped object -> what its records are."""
        return {
            kind.name: kind.role
            for kind in self.connector.objects
            if kind.name in self.mapping.objects
        }

    def objects(self, *roles: Role) -> list[str]:
        """Mapped objects of these roles, in the connector's order."""
        return [name for name, role in self.roles.items() if role in roles]

    def object_mapping(self, object_name: str) -> ObjectMapping:
        """How this object is read and written."""
        return self.mapping.objects[object_name]


@dataclass(frozen=True, slots=True)
class Deployment:
    """The store, the definitions, the connections, and time.

    Attributes:
        compiled, classifier, treatment_of: what policy and vocabularies come to: how people are placed,
            which stages that makes, and what is then asked for.
        treating: the vocabulary whose treatment holds: the main one where it has any.
        watched: activity types that its treatments speak of.
        language: of labels and sentences in the CRMs.
        main_vocabulary: the one whose stages transitions and plans are told in.
        prefer: connections whose values win, best first.
        describe_every_s: how long live field descriptions are believed.
        free_mail: web domains that stand for nobody's company.
        limits: how much may be written unseen.
        edits: what is done about stages that others set.
        log_rules: what is done with the log beyond writing it.
        keep_gone_s: how long a record is kept that is gone from its CRM, and the history of somebody whose last
            record is; None: for ever.
        channels: where people are told of alerts.
        definitions: digest of policy, vocabularies and mappings; empty where nobody compares.
        texts: file -> text of the definitions, see `engine.definition_files`; empty where nobody keeps them.
        lease_s: how long a lease on the store lasts that is not renewed.
        rehearses: the CRMs are simulators of this machine.
        stopping: set when the daemon shall stop; work ends after the page or batch in hand.
        lost: set when the lease of the pass in hand went to another process: whoever waits to send a
            request again must not.
    """

    store: Store
    policy: Policy
    vocabularies: Mapping[str, Vocabulary]
    connections: Mapping[str, Connected]
    clock: Clock
    prefer: tuple[str, ...] = ()
    main_vocabulary: str = "standard"
    language: str = "en"
    describe_every_s: float = 86_400.0
    free_mail: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    edits: EditRules = field(default_factory=EditRules)
    log_rules: LogRules = field(default_factory=LogRules)
    keep_gone_s: float | None = 90 * 86_400.0
    channels: Sequence[Channel] = ()
    definitions: str = ""
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    lease_s: float = 60.0
    rehearses: bool = False
    stopping: threading.Event = field(default_factory=threading.Event)
    lost: threading.Event = field(default_factory=threading.Event)
    compiled: CompiledPolicy = field(init=False)
    classifier: Classifier = field(init=False)
    treatment_of: TreatmentOf = field(init=False)
    treating: str = field(init=False)
    watched: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Compiles what the definitions come to."""
        main = self.vocabularies[self.main_vocabulary]
        object.__setattr__(self, "compiled", compile_policy(self.policy))
        object.__setattr__(self, "classifier", classify(self.vocabularies))
        object.__setattr__(self, "treating", treating(main, self.vocabularies))
        asking = self.vocabularies[self.treating]
        object.__setattr__(self, "treatment_of", compile_treatments(asking, self.policy.axes))
        object.__setattr__(self, "watched", watched_types(asking))

    def role(self, connection: str, object_name: str) -> Role | None:
        """What records of this object are; None when the connection or object is not configured."""
        found = self.connections.get(connection)
        return found.roles.get(object_name) if found else None
