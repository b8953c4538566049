"""The writes of a mapping:

FIELD: {value: VALUE, owner: ours}
VALUE: stage.VOCABULARY   the stage
       score.NAME         points
       level.AXIS         the level on an axis of the policy
       changed_at         when the stage last changed
       previous_stage     the one before that change
       reason             why, in a sentence
       content            what the treatment of the stage asks for
       next_contact       when the treatment's pause since the last contact ends; of a person
       accept_by          until when sales is to take them on; of a person, as are the next two
       do_not_contact     `yes` for who wants no contact, else empty
       never              what the treatment forbids, in words
... owner: ours           stagesync made the field and alone writes it
           shared         an admin's field, which people edit too
           vendor         the vendor's own stage field; off unless the connection says otherwise
... mode: forward         only to a higher stage of the vocabulary; a vendor's field by default
          follow          both ways
... backward: {AXIS: WAIT}    a vendor's field that goes forward goes back, too, when these axes lowered the
          stage: `at once`, or `after N days` for which it stood lower; never for an axis that is left out
... may_replace: [..]     only these API values, `""` for empty; a vendor's field needs it
... only_with: FIELD      written only when that field is written
... values: {stage: [API value, ..]}    the first that the CRM offers; [] leaves the field as it is
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from stagesync.domain.mapping_rules import PLAIN_VALUES, WriteRule
from stagesync.domain.policy import Score
from stagesync.domain.vocabulary import NO_STAGE, Vocabulary
from stagesync.loading.document import Spot
from stagesync.loading.mapping_words import one, several
from stagesync.loading.names import unknown

_WRITE = ("value", "owner", "mode", "backward", "may_replace", "only_with", "values")
_OWNERS = ("ours", "shared", "vendor")
_FOLLOW = "follow"
_MODES = ("forward", _FOLLOW)
_AT_ONCE = "at once"
_AFTER = re.compile(r"after ([1-9][0-9]{0,4}) ?(?:d|days?)")
_DAY_S = 86_400.0
_OF_PEOPLE = ("accept_by", "do_not_contact", "never", "next_contact")
"""An account is not contacted; its people are."""


def read_writes(
    spot: Spot | None,
    *,
    vocabularies: Mapping[str, Vocabulary],
    scores: Collection[Score],
    axes: Collection[str],
    accounts: bool,
) -> tuple[WriteRule, ...]:
    """Write rules in the file's order.

    Args:
        spot: the section, if there is one.
        vocabularies: by name.
        scores: those that exist for what the object is, a person or an account.
        axes: of the policy.
        accounts: whether the object's records are accounts.
    """
    entries = spot.entries() if spot else {}
    known = [f"stage.{name}" for name in vocabularies]
    known += [f"score.{score.name}" for score in scores]
    known += [f"level.{name}" for name in axes]
    known += [name for name in PLAIN_VALUES if not accounts or name not in _OF_PEOPLE]
    found = {
        field: _read_write(field, rule, vocabularies, known=known, axes=axes, accounts=accounts)
        for field, rule in entries.items()
    }
    for field, rule in found.items():
        _check_company(entries[field], rule, found)
    return tuple(found.values())


def _read_write(
    field: str,
    spot: Spot,
    vocabularies: Mapping[str, Vocabulary],
    *,
    known: Collection[str],
    axes: Collection[str],
    accounts: bool,
) -> WriteRule:
    fields = spot.fields(_WRITE, required=("value", "owner"))
    value = _read_value(fields.get("value"), known)
    vocabulary = vocabularies.get(value.removeprefix("stage.")) if "stage." in value else None
    owner = _one_of(fields.get("owner"), "owner", _OWNERS)
    mode = _one_of(fields.get("mode"), "mode", _MODES)
    rule = WriteRule(
        field=field,
        value=value,
        owner="shared" if owner == "vendor" else owner,
        vendor=owner == "vendor",
        # A vendor's field never goes back unless it is asked for.
        forward=mode == "forward" or (owner == "vendor" and mode != _FOLLOW),
        backward=_read_backward(fields["backward"], axes) if "backward" in fields else None,
        may_replace=several(fields.get("may_replace"), blanks=True),
        only_with=one(fields.get("only_with")),
        values=_read_values(fields["values"], vocabulary) if "values" in fields else None,
        accounts=accounts,
    )
    _check_rule(fields, spot, rule)
    return rule


def _read_value(spot: Spot | None, known: Collection[str]) -> str:
    value = one(spot)
    if spot is None or not value or value in known:
        return value
    kind, dot, name = value.partition(".")
    of_kind = [each.removeprefix(f"{kind}.") for each in known if each.startswith(f"{kind}.")]
    if dot and of_kind:
        what = {"stage": "vocabulary", "level": "axis"}.get(kind, kind)
        spot.problem(unknown(what, name, of_kind))
    else:
        spot.problem(unknown("value", value, known))
    return ""


def _one_of(spot: Spot | None, what: str, known: Collection[str]) -> str:
    word = one(spot)
    if spot is not None and word and word not in known:
        spot.problem(unknown(what, word, known))
    return word


def _read_backward(spot: Spot, axes: Collection[str]) -> dict[str, float]:
    """Axis -> seconds."""
    waits = {}
    entries = spot.entries()
    if spot.is_blank or (spot.is_mapping and not entries):
        spot.problem("must name an axis of the policy and how long a lower stage must have stood")
    for axis, wait in entries.items():
        if axis not in axes:
            wait.problem(unknown("axis", axis, axes))
        words = one(wait)
        after = _AFTER.fullmatch(words)
        if not after and words != _AT_ONCE and words:
            wait.problem(f"must be `{_AT_ONCE}` or `after N days`, not `{words}`")
        waits[axis] = int(after[1]) * _DAY_S if after else 0.0
    return waits


def _read_values(spot: Spot, vocabulary: Vocabulary | None) -> dict[str, tuple[str, ...]]:
    entries = spot.entries()
    stages = [stage.id for stage in vocabulary.stages] if vocabulary else []
    for stage, value in entries.items():
        if vocabulary and stage not in stages:
            value.problem(unknown(f"stage of {vocabulary.name}", stage, stages))
    missing = [stage for stage in stages if stage not in entries and stage != NO_STAGE]
    if missing:
        spot.problem(f"no value for {', '.join(missing)}; write [] to leave the field as it is")
    return {stage: several(value) for stage, value in entries.items()}


def _check_rule(fields: Mapping[str, Spot], spot: Spot, rule: WriteRule) -> None:
    if rule.value and not rule.vocabulary:
        for key in ("mode", "backward", "values"):
            if key in fields:
                fields[key].problem("is for stages only")
    if rule.vendor and not rule.vocabulary and rule.value:
        fields["owner"].problem("a vendor's field takes a stage")
    if rule.vendor and not rule.may_replace:
        fields.get("may_replace", spot).problem(
            'a vendor\'s field needs `may_replace`: the values that may be overwritten, "" for empty'
        )
    if "mode" in fields and one(fields["mode"]) == _FOLLOW and not rule.vendor:
        fields["mode"].problem("only a vendor's field needs it: others follow both ways anyhow")
    if "backward" in fields and rule.vocabulary and not rule.vendor:
        fields["backward"].problem("only a vendor's field needs it: others go back at once anyhow")
    if "backward" in fields and rule.vendor and not rule.forward:
        fields["backward"].problem("`mode: follow` goes back at once whatever lowered the stage")
    if rule.owner == "ours" and "may_replace" in fields:
        fields["may_replace"].problem("nobody else writes a field of ours")


def _check_company(spot: Spot, rule: WriteRule, written: Mapping[str, WriteRule]) -> None:
    if not rule.only_with:
        return
    place = spot.entries()["only_with"]
    leader = written.get(rule.only_with)
    if leader is None or leader is rule:
        others = [field for field in written if field != rule.field]
        place.problem(unknown("written field", rule.only_with, others))
    elif leader.only_with:
        place.problem(f"`{rule.only_with}` itself is written only with `{leader.only_with}`")
