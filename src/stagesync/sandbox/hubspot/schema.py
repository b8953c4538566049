"""Property definitions of one object type: the default ones, and those made later."""

from dataclasses import dataclass, field, replace

from stagesync.sandbox.hubspot.model import Group, Kind, Option, Property
from stagesync.sandbox.hubspot.schema_activities import LEAD_STAGES
from stagesync.sandbox.hubspot.schema_tables import CHOICES, COMMON, LABELS, TABLES

STAGE_DATES = {
    "hs_v2_date_entered_{}": ("Date entered {}", "datetime", "date"),
    "hs_v2_date_exited_{}": ("Date exited {}", "datetime", "date"),
    "hs_v2_latest_time_in_{}": ("Latest time in {}", "number", "number"),
    "hs_v2_cumulative_time_in_{}": ("Cumulative time in {}", "number", "number"),
}
HAS_LIFECYCLE = frozenset({"contacts", "companies"})


@dataclass(slots=True)
class Schema:
    """The properties and groups of one object type, archived ones included."""

    kind: Kind
    properties: dict[str, Property] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)

    def get(self, name: str) -> Property | None:
        """The live property of this name, None when there is none."""
        prop = self.properties.get(name)
        return None if prop is None or prop.archived else prop

    def put(self, prop: Property) -> None:
        """Adds or replaces a definition; lifecycle options bring their date properties along."""
        self.properties[prop.name] = prop
        if prop.name == "lifecyclestage":
            self._add_stage_dates(prop)

    def options(self, name: str, options: tuple[Option, ...]) -> None:
        """Replaces the choices of an enumeration."""
        self.put(replace(self.properties[name], options=options))

    def unique_names(self) -> set[str]:
        """Properties that may serve as idProperty."""
        own = {prop.name for prop in self.properties.values() if prop.unique and not prop.archived}
        return own | set(self.kind.unique)

    def _add_stage_dates(self, stage: Property) -> None:
        named = [(option.value, option.label) for option in stage.options]
        for value, label in named:
            for pattern, (text, type_, field_type) in STAGE_DATES.items():
                name = pattern.format(value)
                self.properties.setdefault(
                    name, _calculated(name, text.format(label), type_, field_type)
                )


def _calculated(name: str, label: str, type_: str, field_type: str) -> Property:
    return Property(
        name=name,
        label=label,
        type=type_,
        field_type=field_type,
        group="contactinformation",
        read_only=True,
        calculated=True,
        fixed=True,
    )


def default_schema(kind: Kind) -> Schema:
    """What a new account has for this object type."""
    group = f"{kind.one}information"
    schema = Schema(kind, groups={group: Group(group, f"{kind.one.capitalize()} information", 0)})
    for row in (TABLES[kind.name] + COMMON).split("\n"):
        if row:
            schema.put(_property(row, kind=kind, group=group))
    if kind.name in HAS_LIFECYCLE:
        entered = "hs_v2_date_entered_current_stage"
        schema.put(_calculated(entered, "Date entered current stage", "datetime", "date"))
        spent = "hs_v2_time_in_current_stage"
        schema.put(_calculated(spent, "Time in current stage", "number", "number"))
    return schema


def _property(row: str, *, kind: Kind, group: str) -> Property:
    name, label, type_, field_type, flags = row.split("|")
    return Property(
        name=name,
        label=label,
        type=type_,
        field_type=field_type,
        group=group,
        options=_options(kind, name),
        read_only="r" in flags or "c" in flags,
        calculated="c" in flags,
        external_options="x" in flags,
        unique="u" in flags,
        form_field="f" in flags,
        fixed=True,
    )


def _options(kind: Kind, name: str) -> tuple[Option, ...]:
    values = CHOICES.get(f"{kind.name}.{name}", CHOICES.get(name, "")).split()
    labels = {**LABELS, **LEAD_STAGES}
    return tuple(
        Option(value, labels.get(value, value.replace("_", " ").capitalize()), order)
        for order, value in enumerate(values)
    )
