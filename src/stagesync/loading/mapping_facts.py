"""The facts of a mapping:

person.country: {from: country, as: country_code}             a transform
account.industry: {from: industry, as: industry, values: {COMPUTER_SOFTWARE: software}}
                                                              a table first, then the transform
person.origin: {from: source, values: {Web: inbound, Other: }}    a table alone; blank says nothing
person.excluded: {from: kind, is: [competitor, student]}      a flag, true for these values
... set_by: people        what stagesync itself wrote there does not count
... false_counts: yes     a false flag is known to be false, rather than missing
... optional: yes         the field may not exist in the CRM
person.nurture: [{..}, {..}]                                  the first that is not missing counts
"""

from __future__ import annotations

from stagesync.domain.facts import Kind, Value
from stagesync.domain.mapping_rules import FactRule, same_text
from stagesync.domain.policy import Policy
from stagesync.domain.transforms import TRANSFORMS
from stagesync.loading.document import Spot
from stagesync.loading.mapping_words import flag, folded, one
from stagesync.loading.names import unknown
from stagesync.loading.policy import known_facts

_FACT = ("from", "as", "values", "is", "set_by", "false_counts", "optional")
_SET_BY = ("people",)


def read_facts(spot: Spot | None, policy: Policy) -> tuple[FactRule, ...]:
    """Fact rules in the file's order."""
    known = known_facts(policy.facts)
    found: list[FactRule] = []
    for fact, rules in (spot.entries() if spot else {}).items():
        if fact not in known:
            rules.problem(unknown("fact", fact, known))
        listed = rules.items() if rules.is_list else [rules]
        found += [_read_fact(fact, rule, known.get(fact)) for rule in listed]
    return tuple(found)


def _read_fact(fact: str, spot: Spot, kind: Kind | None) -> FactRule:
    fields = spot.fields(_FACT, required=("from",))
    values, accepted = fields.get("values"), fields.get("is")
    rule = FactRule(
        fact=fact,
        field=one(fields.get("from")),
        transform=_read_transform(fields.get("as"), fact, kind),
        values=_read_values(values, kind) if values else None,
        is_values=folded(accepted) if accepted else None,
        set_by=_read_set_by(fields.get("set_by")),
        false_counts=flag(fields.get("false_counts")),
        optional=flag(fields.get("optional")),
    )
    _check_how(fields, spot, kind)
    return rule


def _check_how(fields: dict[str, Spot], spot: Spot, kind: Kind | None) -> None:
    if "is" in fields and ("as" in fields or "values" in fields):
        fields["is"].problem("`is` stands alone, without `as` and `values`")
    elif "is" in fields and kind not in (Kind.FLAG, None):
        fields["is"].problem(f"`is` makes a flag; this fact is of kind {kind}")
    elif spot.is_mapping and not fields.keys() & {"as", "is", "values"}:
        spot.problem(f"say how to read it: `as`, `is` or `values`; known: {', '.join(TRANSFORMS)}")
    if "false_counts" in fields and kind not in (Kind.FLAG, None):
        fields["false_counts"].problem(f"is for flags; this fact is of kind {kind}")


def _read_transform(spot: Spot | None, fact: str, kind: Kind | None) -> str:
    name = one(spot)
    if spot is None or not name:
        return ""
    if name not in TRANSFORMS:
        spot.problem(unknown("transform", name, TRANSFORMS))
        return ""
    if kind is not None and TRANSFORMS[name].kind is not kind:
        fitting = [known for known, one in TRANSFORMS.items() if one.kind is kind]
        spot.problem(
            f"`{name}` gives a {TRANSFORMS[name].kind}; `{fact}` is of kind {kind}:"
            f" {', '.join(fitting)}"
        )
    return name


def _read_set_by(spot: Spot | None) -> str:
    word = one(spot)
    if spot is not None and word and word not in _SET_BY:
        spot.problem(unknown("editor", word, _SET_BY))
    return word


def _read_values(spot: Spot, kind: Kind | None) -> dict[str, Value | None]:
    found: dict[str, Value | None] = {}
    for text, value in spot.entries().items():
        key = same_text(text)
        if key in found:
            value.problem(f"`{text}` stands here twice: case does not tell values apart")
        found[key] = None if value.is_blank else _read_value(value, kind)
    if not found:
        spot.problem("must hold at least one value")
    return found


def _read_value(spot: Spot, kind: Kind | None) -> Value | None:
    match kind:
        case Kind.NUMBER:
            return spot.number()
        case Kind.FLAG:
            return spot.flag()
        case Kind.INSTANT:
            spot.problem("an instant is read by `as: instant`, not by a table")
            return None
        case _:
            return spot.text()
