"""The shape of a field and of an object, and the small table language they are written in.

One line per field: ``Name type(length) flags``. Flags:

    *            required on create
    -c -u        not createable, not updateable
    !            restricted picklist
    =List        values from the picklist of that name
    >A|B:Rel     reference to A or B, read through the relationship Rel
    ~            cannot be used in a filter
    @            external id, unique
"""

import re
from dataclasses import dataclass, field

from stagesync.sandbox.salesforce.schema.picklists import PICKLISTS, PicklistValue

_LINE = re.compile(r"(?P<name>\w+)\s+(?P<type>\w+)(?:\((?P<size>[\d,]+)\))?(?P<flags>.*)")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_DEFAULT_LENGTH = {"id": 18, "reference": 18, "picklist": 255, "email": 80, "phone": 40, "url": 255}


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One field as describe and the write rules see it. `type` is the vendor's word.

    Attributes:
        open_to_all: a custom field that every profile may see and change, as one made by hand is.
        track_history: changes are kept in the history object.
        value_set: the global value set that its values come from, "" for its own.
        formula: the path whose value it shows, such as `Account.Rating`; "" for a field of its own.
    """

    name: str
    type: str
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    required: bool = False
    createable: bool = True
    updateable: bool = True
    restricted: bool = False
    picklist: tuple[PicklistValue, ...] = ()
    refers_to: tuple[str, ...] = ()
    relationship: str | None = None
    filterable: bool = True
    external_id: bool = False
    unique: bool = False
    custom: bool = False
    open_to_all: bool = False
    track_history: bool = False
    value_set: str = ""
    formula: str = ""

    @property
    def writeable(self) -> bool:
        return self.createable or self.updateable


@dataclass(frozen=True, slots=True)
class ObjectDef:
    """One object: its fields by canonical name, and what may be done with it."""

    name: str
    label: str
    plural: str
    fields: dict[str, FieldDef]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    mergeable: bool = False
    by_lower: dict[str, str] = field(default_factory=dict)
    relationships: dict[str, str] = field(default_factory=dict)

    @property
    def child_name(self) -> str:
        """What the relationship from a parent to these rows is called."""
        return "Histories" if self.name.endswith("History") else self.plural.replace(" ", "")

    def index(self) -> None:
        """Rebuilds the look-ups that ignore case; called whenever a field is added."""
        self.by_lower.clear()
        self.relationships.clear()
        for item in self.fields.values():
            self.by_lower[item.name.lower()] = item.name
            if item.relationship:
                self.relationships[item.relationship.lower()] = item.name


def read_field(line: str) -> FieldDef:
    """The field that one line of a table describes."""
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise ValueError(f"not a field line: {line!r}")
    name, kind, flags = match["name"], match["type"], match["flags"].split()
    size = [int(part) for part in (match["size"] or "0").split(",")]
    number = kind in {"double", "currency", "percent", "int"}
    target = next((flag[1:] for flag in flags if flag.startswith(">")), "")
    kinds, _, relationship = target.partition(":")
    values = next((flag[1:] for flag in flags if flag.startswith("=")), "")
    return FieldDef(
        name=name,
        type=kind,
        label=label_of(name),
        length=0 if number else size[0] or _DEFAULT_LENGTH.get(kind, 0),
        precision=size[0] if number else 0,
        scale=size[1] if number and len(size) > 1 else 0,
        required="*" in flags,
        createable="-c" not in flags,
        updateable="-u" not in flags,
        restricted="!" in flags,
        picklist=PICKLISTS[values] if values else (),
        refers_to=tuple(kinds.split("|")) if kinds else (),
        relationship=relationship or None,
        filterable="~" not in flags and kind != "address",
        external_id="@" in flags,
        unique="@" in flags,
    )


def label_of(name: str) -> str:
    words = _WORDS.sub(" ", name)
    return words if name == "Id" else words.removesuffix(" Id")


def read_object(
    name: str,
    table: str,
    *,
    common: str,
    plural: str = "",
    fixed: bool = False,
    deletable: bool = True,
    mergeable: bool = False,
) -> ObjectDef:
    """The object whose fields are the lines of `common` and `table`.

    Args:
        fixed: no API call may create, change or delete its rows.
    """
    lines = [line for line in (common + table).splitlines() if line.strip()]
    label = label_of(name)
    made = ObjectDef(
        name=name,
        label=label,
        plural=plural or f"{label}s",
        fields={item.name: item for item in map(read_field, lines)},
        createable=not fixed,
        updateable=not fixed,
        deletable=deletable and not fixed,
        mergeable=mergeable,
    )
    made.index()
    return made
