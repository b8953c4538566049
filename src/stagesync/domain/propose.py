"""What should be written to one record, decided before anything is.

For each field that the mapping writes, `propose` compares what should stand there with what stands
there, and says either `Entry` (write it) or `Difference` (it differs and stays, for this reason).
The executor has nothing left to choose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stagesync.domain.mapping import WriteRule
from stagesync.domain.plan import (
    GOES_BACK,
    Difference,
    Entry,
    Held,
    Reason,
    Target,
    VendorStage,
    Way,
    Wish,
)
from stagesync.domain.transitions import is_backward
from stagesync.domain.vocabulary import NO_STAGE, Vocabulary


def propose(
    rules: Sequence[WriteRule],
    targets: Mapping[str, Target],
    wish: Wish,
    *,
    vocabularies: Mapping[str, Vocabulary],
    vendor_stage: VendorStage,
    frozen: bool = False,
    out_of_scope: bool = False,
    kept: Mapping[str, Reason] | None = None,
    returns: Mapping[str, float] | None = None,
    now_s: float = 0.0,
) -> tuple[list[Entry], list[Difference]]:
    """Entries and differences of one record, in the order of the rules.

    Args:
        rules: the mapping's writes for the record's object.
        targets: field -> how it stands; a rule whose field is absent here is passed over (the CRM
            does not have it, or does not let us write it).
        frozen: the CRM holds this record read-only (a converted lead).
        out_of_scope: the mapping leaves this record alone.
        kept: field -> why it stays as it is for now.
        returns: field -> the instant from which it may go back, see `falls`; absent means never.
    """
    untouched = Reason.OUT_OF_SCOPE if out_of_scope else Reason.CONVERTED if frozen else None
    kept = kept or {}
    verdicts: list[Entry | Difference] = []
    leading: set[str] = set()
    for rule in rules:
        target = targets.get(rule.field)
        if target is None or (rule.vendor and vendor_stage is VendorStage.OFF) or rule.only_with:
            continue
        verdict = _judge(rule, target, wish, vocabularies=vocabularies, mode=vendor_stage)
        if isinstance(verdict, Entry) and verdict.way in GOES_BACK and rule.forward:
            verdict = _in_time(verdict, (returns or {}).get(rule.field), now_s=now_s)
        reason = untouched or kept.get(rule.field)
        if verdict is None:
            leading |= {rule.field} if rule.owner == "ours" and not reason else set()
        elif reason:
            verdicts.append(_left_alone(verdict, reason))
        else:
            verdicts.append(verdict)
    written = {each.field for each in verdicts if isinstance(each, Entry)}
    free = [rule for rule in rules if rule.field not in kept]
    verdicts += _companions(free, targets, wish, written=written, standing=leading)
    return (
        [each for each in verdicts if isinstance(each, Entry)],
        [each for each in verdicts if isinstance(each, Difference)],
    )


def _in_time(back: Entry, from_s: float | None, *, now_s: float) -> Entry | Difference:
    """A field that goes forward goes back when its rule lets it, and then not before its time."""
    if from_s is None:
        return Difference(back.field, back.after, back.before, Reason.NOT_FORWARD)
    if now_s < from_s:
        return Difference(back.field, back.after, back.before, Reason.NOT_YET, from_s)
    return back


def _left_alone(verdict: Entry | Difference, reason: Reason) -> Difference:
    """Nothing is written to such a record, whatever else would stand against it."""
    if isinstance(verdict, Entry):
        return Difference(verdict.field, verdict.after, verdict.before, reason)
    return Difference(verdict.field, verdict.wanted, verdict.current, reason)


def _companions(
    rules: Sequence[WriteRule],
    targets: Mapping[str, Target],
    wish: Wish,
    *,
    written: set[str],
    standing: set[str],
) -> list[Entry | Difference]:
    """Fields that are written only beside another one, so that decay alone writes nothing.

    One that is empty beside a field of ours that stands right was never written, or somebody
    emptied it: it is filled, while the record was told of the person's last change. Somebody who moved
    and came back before anything was written was told of another one.
    """
    found = []
    for rule in rules:
        target = targets.get(rule.field)
        if not rule.only_with or target is None:
            continue
        is_empty = rule.only_with in standing and target.current in (None, "")
        is_empty = is_empty and _tells_of_it(rules, targets, wish, beside=rule.only_with)
        if (is_empty or rule.only_with in written) and (verdict := _value(rule, target, wish)):
            found.append(verdict)
    return found


def _tells_of_it(
    rules: Sequence[WriteRule], targets: Mapping[str, Target], wish: Wish, *, beside: str
) -> bool:
    """Whether the record tells of the last change of stage, or of none."""
    dated = [r for r in rules if r.value == "changed_at" and r.only_with == beside]
    stamps = [(targets[r.field], wanted_value(r, wish)) for r in dated if r.field in targets]
    return all(t.current in (None, "") or t.same(t.current, at) for t, at in stamps)


def wanted_value(rule: WriteRule, wish: Wish) -> Held:
    """What the rule's `value:` stands for; scores are rounded to the two decimals that CRMs keep.

    A score written beside a stage is that of the moment when the stage changed: so every CRM
    holds the same, whenever it was written there.
    """
    kind, _, name = rule.value.partition(".")
    match kind:
        case "stage":
            return wish.stages[name]
        case "score":
            now = wish.scores[name]
            return round(wish.scores_then.get(name, now) if rule.only_with else now, 2)
        case "level":
            return wish.levels.get(name)
        case "previous_stage":
            return wish.previous_stage
        case "reason":
            return wish.reason
        case "content":
            return wish.content
        case "next_contact":
            return wish.next_contact
        case "accept_by":
            return wish.accept_by
        case "do_not_contact":
            return wish.do_not_contact
        case "never":
            return wish.never
        case _:
            return wish.changed_at


def _value(rule: WriteRule, target: Target, wish: Wish) -> Entry | Difference | None:
    """The verdict on a value that is no stage: it may be empty, and has no order."""
    wanted = wanted_value(rule, wish)
    if target.same(target.current, wanted):
        return None
    if wanted is not None and target.choices is not None and not _offered([str(wanted)], target):
        return Difference(rule.field, wanted, target.current, Reason.UNMAPPED)
    return _entry(rule, target, wanted)


def _judge(
    rule: WriteRule,
    target: Target,
    wish: Wish,
    *,
    vocabularies: Mapping[str, Vocabulary],
    mode: VendorStage,
) -> Entry | Difference | None:
    kind, _, name = rule.value.partition(".")
    if kind != "stage":
        return _value(rule, target, wish)
    stage = wish.stages[name]
    if stage == NO_STAGE:
        return None
    spellings = rule.values.get(stage, ()) if rule.values else (stage,)
    if rule.values and not spellings:
        return None
    if any(target.same(target.current, spelling) for spelling in spellings):
        return None
    offered = _offered(spellings, target)
    if offered == NO_STAGE:
        return None
    if offered is None:
        return Difference(rule.field, spellings[0], target.current, Reason.UNMAPPED)
    if not rule.vendor:
        return _entry(rule, target, offered)
    reason = _vendor_objection(
        rule, target, offered, stage=stage, vocabulary=vocabularies[name], mode=mode
    )
    if reason:
        return Difference(rule.field, offered, target.current, reason)
    if _is_lower(rule, target, offered, stage=stage, vocabulary=vocabularies[name]):
        return _backward(rule, target, offered)
    return _entry(rule, target, offered)


def _entry(rule: WriteRule, target: Target, after: Held) -> Entry:
    return Entry(rule.field, target.current, after)


def _backward(rule: WriteRule, target: Target, after: Held) -> Entry | Difference:
    """Where the CRM refuses to go back, only by way of the empty field."""
    if not target.forward_only:
        return Entry(rule.field, target.current, after, Way.BACK)
    if target.clears:
        return Entry(rule.field, target.current, after, Way.CLEAR)
    return Difference(rule.field, after, target.current, Reason.NOT_FORWARD)


def _offered(spellings: Sequence[str], target: Target) -> str | None:
    """The first spelling that the CRM offers and that is ours to set; `none` is offered everywhere."""
    if target.choices is None:
        return spellings[0]
    free = {choice.value for choice in target.choices if not choice.terminal}
    return next((each for each in spellings if each in free or each == NO_STAGE), None)


def _vendor_objection(
    rule: WriteRule,
    target: Target,
    wanted: str,
    *,
    stage: str,
    vocabulary: Vocabulary,
    mode: VendorStage,
) -> Reason | None:
    """Why a vendor field may not take this value; None when it may."""
    current = "" if target.current is None else str(target.current)
    allowed = not rule.may_replace or current in rule.may_replace
    if not current:
        return None if allowed else Reason.NOT_REPLACEABLE
    if mode is VendorStage.FILL_EMPTY:
        return Reason.NOT_REPLACEABLE
    never = rule.forward and not rule.backward
    if never and _is_lower(rule, target, wanted, stage=stage, vocabulary=vocabulary):
        return Reason.NOT_FORWARD
    if not allowed:
        known = target.choices is None or any(c.value == current for c in target.choices)
        return Reason.NOT_REPLACEABLE if known and rule.stage_of(current) else Reason.UNMAPPED
    return None


def _is_lower(
    rule: WriteRule, target: Target, wanted: str, *, stage: str, vocabulary: Vocabulary
) -> bool:
    """Whether it would go back: along the CRM's own order where the CRM guards it, else the ladder."""
    if target.current in (None, ""):
        return False
    ranks = {choice.value: choice.rank for choice in target.choices or ()}
    current = str(target.current)
    if target.forward_only and current in ranks and wanted in ranks:
        return ranks[wanted] < ranks[current]
    return is_backward(vocabulary, rule.stage_of(current), stage)
