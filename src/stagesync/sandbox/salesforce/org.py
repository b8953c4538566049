"""The simulated org: its objects, rows, users, permissions and time."""

import math
import random
from collections.abc import Mapping
from typing import TYPE_CHECKING

from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.salesforce.ids import AMBIGUOUS, PREFIXES, make_id, with_checksum
from stagesync.sandbox.salesforce.rows import Ledger, Row, Table
from stagesync.sandbox.salesforce.schema.fields import FieldDef, ObjectDef
from stagesync.sandbox.salesforce.schema.objects import (
    make_objects,
    make_relation_objects,
    make_tooling_objects,
)
from stagesync.sandbox.salesforce.schema.picklists import (
    STAGES,
    LeadStatusRow,
    PicklistValue,
    StageRow,
)
from stagesync.sandbox.salesforce.switches import SalesforceSwitches

if TYPE_CHECKING:
    # The log knows the org, so the org can only name it.
    from stagesync.sandbox.salesforce.changes import ChangeLog

_BY_PREFIX = {prefix: name for name, prefix in PREFIXES.items() if name not in AMBIGUOUS}
# Whatever is written to these may change what was worked out before.
SETUP_OBJECTS = frozenset(
    {"PermissionSet", "PermissionSetAssignment", "FieldPermissions", "CampaignMemberStatus"}
)


class Org:
    """Everything the simulator remembers, but sessions, cursors and limits.

    Attributes:
        user_id: the integration user, on whose behalf every API call runs.
        human_id: the person who makes the changes of actor "human".
        other_app_id: the user of another integration.
        queue_owner_id: who gets what an assignment rule assigns.
        automation_id: the user in whose name flows and triggers run.
        origin: the changeOrigin of what is written at this moment.
        added_values: picklist values beyond the vendor's, by object and field.
        setup_at: when the schema or a permission last changed, Unix seconds.
        lead_statuses: the list of Lead.Status once an administrator has edited it.
        stages: the opportunity stages by lower-case name.
    """

    changes: "ChangeLog"

    def __init__(self, *, clock: SimClock, switches: SalesforceSwitches, seed: int) -> None:
        self.clock = clock
        self.switches = switches
        self.random = random.Random(f"salesforce-{seed}")
        self.objects = make_objects()
        self.tooling_objects = make_tooling_objects()
        self.ledger = Ledger()
        self.tables = {
            name: Table(name, self.ledger)
            for name in self.objects | self.tooling_objects | make_relation_objects()
        }
        self._by_lower = {name.lower(): name for name in self.objects}
        self._readable: dict[str, dict[str, FieldDef]] = {}
        self._responding: dict[tuple[str, str], bool] = {}
        self.added_values: dict[tuple[str, str], tuple[PicklistValue, ...]] = {}
        self.lead_statuses: tuple[LeadStatusRow, ...] = ()
        self.stages: dict[str, StageRow] = {stage.name.lower(): stage for stage in STAGES}
        self.origin = ""
        self.setup_at = self.stamp()
        self._made = 0
        self.id = with_checksum(f"00DSb{seed % 10**10:010d}")
        self.user_id = make_id("User", 1)
        self.human_id = make_id("User", 2)
        self.other_app_id = make_id("User", 3)
        self.queue_owner_id = make_id("User", 4)
        self.automation_id = make_id("User", 5)

    def add_objects(self, added: Mapping[str, ObjectDef]) -> None:
        """Makes objects of a feature known; their tables are there already."""
        self.objects.update(added)
        self._by_lower.update((name.lower(), name) for name in added)
        self.setup_changed()

    def definition(self, name: str, *, tooling: bool = False) -> ObjectDef | None:
        """The object of that name, whatever its case."""
        if tooling:
            return next(
                (d for n, d in self.tooling_objects.items() if n.lower() == name.lower()), None
            )
        return self.objects.get(self._by_lower.get(name.lower(), ""))

    def child(self, parent: ObjectDef, relationship: str) -> tuple[str, str] | None:
        """The object and the key behind the name of a child relationship."""
        for definition in self.objects.values():
            if definition.child_name.lower() != relationship.lower():
                continue
            for field in definition.fields.values():
                # A key that only the system sets, such as the winner of a merge, is no parent;
                # but in history all keys are the system's.
                usable = field.writeable or not definition.createable
                if usable and parent.name in field.refers_to:
                    return definition.name, field.name
        return None

    def table(self, name: str) -> Table:
        return self.tables[name]

    def row(self, record_id: str) -> tuple[str, Row] | None:
        """The object and the committed row of an id."""
        name = _BY_PREFIX.get(record_id[:3])
        row = self.tables[name].rows.get(record_id) if name else None
        return None if name is None or row is None else (name, row)

    def new_id(self, object_name: str) -> str:
        """An id that no row has yet."""
        self._made += 1
        return make_id(object_name, 1000 + self._made)

    def stamp(self) -> float:
        """The present second; no stamp of a row is finer."""
        return float(math.floor(self.clock.now()))

    def settle(self) -> None:
        """Commits what was waiting for its moment."""
        now = self.clock.now()
        for table in self.tables.values():
            table.settle(now)

    def readable(self, definition: ObjectDef) -> Mapping[str, FieldDef]:
        """The fields the integration user may see, by lower-case name.

        A custom field is hidden until a permission set assigned to the user grants it.
        """
        found = self._readable.get(definition.name)
        if found is None:
            found = {
                field.name.lower(): field
                for field in definition.fields.values()
                if self._open(field) or self._granted(definition, field, "PermissionsRead")
            }
            self._readable[definition.name] = found
        return found

    def may_write(self, definition: ObjectDef, field: FieldDef) -> bool:
        return self._open(field) or self._granted(definition, field, "PermissionsEdit")

    def setup_changed(self) -> None:
        """Forgets what was worked out from fields, permissions and status lists."""
        self.setup_at = self.stamp()
        self._readable.clear()
        self._responding.clear()

    def responds(self, campaign_id: str, status: str) -> bool:
        """Whether a member of a campaign with this status counts as having responded."""
        if not self._responding:
            for row in self.tables["CampaignMemberStatus"].rows.values():
                if not row.get("IsDeleted"):
                    key = row["CampaignId"], row["Label"]
                    self._responding[key] = bool(row.get("HasResponded"))
        return self._responding.get((campaign_id, status), False)

    def _open(self, field: FieldDef) -> bool:
        return not field.custom or field.open_to_all

    def _granted(self, definition: ObjectDef, field: FieldDef, permission: str) -> bool:
        assigned = {
            row["PermissionSetId"]
            for row in self.tables["PermissionSetAssignment"].rows.values()
            if row["AssigneeId"] == self.user_id
        }
        full_name = f"{definition.name}.{field.name}"
        if field.name.endswith("__pc"):
            # The permission of a contact's field holds for its twin on person accounts.
            full_name = f"Contact.{field.name.removesuffix('__pc')}__c"
        return any(
            row["ParentId"] in assigned and row["Field"] == full_name and row.get(permission)
            for row in self.tables["FieldPermissions"].rows.values()
        )
