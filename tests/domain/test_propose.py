"""What is proposed for one record: entries, and differences with their reasons."""

from dataclasses import replace
from typing import Any

import pytest

from stagesync.domain.condition import Anything
from stagesync.domain.mapping import WriteRule
from stagesync.domain.plan import (
    Choice,
    Difference,
    Entry,
    Held,
    Reason,
    Target,
    VendorStage,
    Way,
    Wish,
)
from stagesync.domain.propose import propose, wanted_value
from stagesync.domain.vocabulary import Stage, Vocabulary


def _ladder(name: str, *ids: str, off: tuple[str, ...] = ()) -> Vocabulary:
    stages = [Stage(each, {}, Anything(), rank=rank) for rank, each in enumerate(ids)]
    stages += [Stage(each, {}, Anything()) for each in off]
    return Vocabulary(name, {}, "", tuple(stages))


VOCABULARIES = {
    "standard": _ladder("standard", "contact", "lead", "client"),
    "crm": _ladder("crm", "lead", "customer", off=("former", "none")),
}
OURS = WriteRule("stage", "stage.standard")
VENDOR = WriteRule(
    "lifecycle",
    "stage.crm",
    owner="shared",
    vendor=True,
    forward=True,
    may_replace=("", "lead", "customer"),
)
STATUS = replace(
    VENDOR,
    field="status",
    may_replace=("", "New", "Open"),
    values={"lead": ("Open", "New"), "customer": ("Won",), "former": (), "none": ()},
)
WISH = Wish({"standard": "lead", "crm": "lead"}, {"interest": 12.345678}, "2026-11-20T12:00:00Z")
FULL = replace(
    WISH,
    levels={"fit": "inside"},
    scores_then={"interest": 30.0},
    previous_stage="contact",
    reason="interest: request",
    content="consideration",
    next_contact="2026-12-04T12:00:00Z",
)


def same(one: Held, other: Held) -> bool:
    return (one or None) == (other or None)


def target(current: Held, *choices: str, terminal: str = "", forward_only: bool = False) -> Target:
    offered = tuple(Choice(each, rank, each == terminal) for rank, each in enumerate(choices))
    return Target(current, same, offered if choices else None, forward_only)


def judged(
    rule: WriteRule, found: Target, *, crm: str = "lead", mode: VendorStage = VendorStage.FORWARD
) -> Entry | Difference | None:
    wish = replace(WISH, stages={**WISH.stages, "crm": crm})
    entries, differences = propose(
        [rule], {rule.field: found}, wish, vocabularies=VOCABULARIES, vendor_stage=mode
    )
    verdicts: list[Entry | Difference] = [*entries, *differences]
    return verdicts[0] if verdicts else None


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (target(None), Entry("stage", None, "lead")),
        (target("contact"), Entry("stage", "contact", "lead")),
        # Our own field knows no forward: what somebody typed is put right.
        (target("client"), Entry("stage", "client", "lead")),
        (target("lead"), None),
        (target("", "contact", "lead"), Entry("stage", "", "lead")),
        (target("", "contact"), Difference("stage", "lead", "", Reason.UNMAPPED)),
        (
            target("", "contact", "lead", terminal="lead"),
            Difference("stage", "lead", "", Reason.UNMAPPED),
        ),
    ],
)
def test_our_own_field(found: Target, verdict: object) -> None:
    """Our own field takes the stage whatever stands there, if the CRM offers it."""
    assert verdict == judged(OURS, found)


@pytest.mark.parametrize(
    ("found", "crm", "mode", "verdict"),
    [
        # Off: the vendor's field is nobody's business.
        (target(None), "lead", VendorStage.OFF, None),
        # An empty field is filled, in both modes.
        (target(None), "lead", VendorStage.FILL_EMPTY, Entry("lifecycle", None, "lead")),
        (target(""), "lead", VendorStage.FORWARD, Entry("lifecycle", "", "lead")),
        # A filled one stays under `fill_empty`.
        (
            target("lead"),
            "customer",
            VendorStage.FILL_EMPTY,
            Difference("lifecycle", "customer", "lead", Reason.NOT_REPLACEABLE),
        ),
        # Forward.
        (target("lead"), "customer", VendorStage.FORWARD, Entry("lifecycle", "lead", "customer")),
        (target("lead"), "lead", VendorStage.FORWARD, None),
        # Backward, by the vocabulary's ladder.
        (
            target("customer"),
            "lead",
            VendorStage.FORWARD,
            Difference("lifecycle", "lead", "customer", Reason.NOT_FORWARD),
        ),
        # Backward, by the CRM's own order, which may differ from the vocabulary's.
        (
            target("lead", "customer", "lead", forward_only=True),
            "customer",
            VendorStage.FORWARD,
            Difference("lifecycle", "customer", "lead", Reason.NOT_FORWARD),
        ),
        (
            target("customer", "customer", "lead", forward_only=True),
            "lead",
            VendorStage.FORWARD,
            Entry("lifecycle", "customer", "lead"),
        ),
        # A stage the CRM does not offer.
        (
            target("lead", "lead"),
            "customer",
            VendorStage.FORWARD,
            Difference("lifecycle", "customer", "lead", Reason.UNMAPPED),
        ),
        # `none` leaves it.
        (target("customer"), "none", VendorStage.FORWARD, None),
    ],
)
def test_a_vendors_field(found: Target, crm: str, mode: VendorStage, verdict: object) -> None:
    """The vendor's field is filled, goes forward, or stays for a reason."""
    assert verdict == judged(VENDOR, found, crm=crm, mode=mode)


@pytest.mark.parametrize(
    ("found", "crm", "verdict"),
    [
        # The first spelling that the CRM offers.
        (target(None, "New", "Open"), "lead", Entry("status", None, "Open")),
        (target(None, "New"), "lead", Entry("status", None, "New")),
        (target(None), "lead", Entry("status", None, "Open")),
        # Any spelling of the stage is the stage.
        (target("New", "New", "Open"), "lead", None),
        (target("New", "New", "Won"), "customer", Entry("status", "New", "Won")),
        # A terminal value is never written.
        (
            target("New", "New", "Won", terminal="Won"),
            "customer",
            Difference("status", "Won", "New", Reason.UNMAPPED),
        ),
        # A stage that stands for nothing here leaves the field.
        (target("New", "New"), "former", None),
        # A value that nobody listed: unknown to the table, or not offered by the CRM any more.
        (
            target("Partner", "New", "Open", "Partner"),
            "lead",
            Difference("status", "Open", "Partner", Reason.UNMAPPED),
        ),
        (
            target("Stale", "New", "Open"),
            "lead",
            Difference("status", "Open", "Stale", Reason.UNMAPPED),
        ),
    ],
)
def test_a_vendors_field_with_values(found: Target, crm: str, verdict: object) -> None:
    """API values stand for stages, in order of preference, as far as the CRM offers them."""
    assert verdict == judged(STATUS, found, crm=crm)


@pytest.mark.parametrize(
    ("rule", "found", "verdict"),
    [
        # Known to the table and offered, but not to be replaced.
        (
            replace(STATUS, may_replace=("",)),
            target("New", "New", "Won"),
            Difference("status", "Won", "New", Reason.NOT_REPLACEABLE),
        ),
        # The same without live options.
        (
            replace(VENDOR, may_replace=("",)),
            target("lead"),
            Difference("lifecycle", "customer", "lead", Reason.NOT_REPLACEABLE),
        ),
        # Empty itself may be off limits.
        (
            replace(VENDOR, may_replace=("lead",)),
            target(None),
            Difference("lifecycle", "customer", None, Reason.NOT_REPLACEABLE),
        ),
        # No list: anything may be replaced.
        (
            replace(VENDOR, may_replace=()),
            target("whatever"),
            Entry("lifecycle", "whatever", "customer"),
        ),
        # Without `mode: forward` it may go back.
        (
            replace(VENDOR, forward=False),
            target("customer"),
            None,
        ),
    ],
)
def test_what_may_be_replaced(rule: WriteRule, found: Target, verdict: object) -> None:
    """Only listed values are overwritten; no list means any."""
    assert verdict == judged(rule, found, crm="customer")


STEPS = ("lead", "customer")


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        # The CRM lets it go back: one write.
        (target("customer"), Entry("lifecycle", "customer", "lead", Way.BACK)),
        # It guards the field, and the connector knows the way round.
        (
            replace(target("customer", *STEPS, forward_only=True), clears=True),
            Entry("lifecycle", "customer", "lead", Way.CLEAR),
        ),
        # It guards the field, and there is no way.
        (
            target("customer", *STEPS, forward_only=True),
            Difference("lifecycle", "lead", "customer", Reason.NOT_FORWARD),
        ),
        # Not back: filled as any other.
        (target(None), Entry("lifecycle", None, "lead")),
        # The account ranks them the other way round: what the ladder calls back is forward there.
        (
            replace(target("customer", *STEPS[::-1], forward_only=True), clears=True),
            Entry("lifecycle", "customer", "lead"),
        ),
    ],
)
def test_a_field_that_may_go_back(found: Target, verdict: object) -> None:
    """A vendor's rule that follows moves a stage down, as the CRM allows, and says that it does."""
    assert verdict == judged(replace(VENDOR, forward=False), found)


SCORE = WriteRule("score", "score.interest", only_with="stage")
CHANGED = WriteRule("changed_at", "changed_at")


def proposal(targets: dict[str, Target], **more: Any) -> tuple[list[Entry], list[Difference]]:
    rules = [OURS, SCORE, CHANGED]
    return propose(
        rules, targets, WISH, vocabularies=VOCABULARIES, vendor_stage=VendorStage.OFF, **more
    )


def test_companions_are_written_beside_their_field() -> None:
    """A score goes with the stage, rounded to what CRMs keep; an instant stands on its own."""
    targets = {"stage": target("contact"), "score": target(3.0), "changed_at": target(None)}
    assert (
        [
            Entry("stage", "contact", "lead"),
            Entry("changed_at", None, "2026-11-20T12:00:00Z"),
            Entry("score", 3.0, 12.35),
        ],
        [],
    ) == proposal(targets)


@pytest.mark.parametrize(
    "targets",
    [
        # The stage stands: the faded score alone is not worth a write.
        {"stage": target("lead"), "score": target(99.0)},
        # The score is the same already.
        {"stage": target("lead"), "score": target(12.35)},
        # What the CRM does not have is passed over.
        {},
        {"changed_at": target("2026-11-20T12:00:00Z")},
    ],
)
def test_nothing_is_proposed_where_nothing_moved(targets: dict[str, Target]) -> None:
    """A score is never written for its own sake, nor what stands already."""
    assert ([], []) == proposal(targets)


def test_a_companion_that_stands_is_not_written_again() -> None:
    """Beside a new stage a score that is equal already, or missing in the CRM, is left out."""
    stage = Entry("stage", None, "lead")
    assert ([stage], []) == proposal({"stage": target(None), "score": target(12.35)})
    assert ([stage], []) == proposal({"stage": target(None)})


def test_a_read_only_record_takes_nothing() -> None:
    """Every value that differs on a converted lead is a difference for that reason."""
    targets = {"stage": target(None), "score": target(3.0), "changed_at": target(None)}
    assert (
        [],
        [
            Difference("stage", "lead", None, Reason.CONVERTED),
            Difference("changed_at", "2026-11-20T12:00:00Z", None, Reason.CONVERTED),
        ],
    ) == proposal(targets, frozen=True)


def test_other_reasons_give_way_to_read_only() -> None:
    """On a read-only record even an unmapped value is one more of the converted."""
    _, (difference,) = proposal({"stage": target(None, "contact")}, frozen=True)
    assert Reason.CONVERTED is difference.reason


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("stage.standard", "lead"),
        ("score.interest", 12.35),
        ("changed_at", "2026-11-20T12:00:00Z"),
    ],
)
def test_what_a_rule_wants(value: str, wanted: object) -> None:
    """The words of `value:` and what they stand for."""
    assert wanted == wanted_value(WriteRule("field", value), WISH)


@pytest.mark.parametrize(
    ("value", "full", "bare"),
    [
        ("level.fit", "inside", None),
        ("previous_stage", "contact", None),
        ("reason", "interest: request", None),
        ("content", "consideration", None),
        ("next_contact", "2026-12-04T12:00:00Z", None),
    ],
)
def test_what_is_unknown_is_empty(value: str, full: str, bare: None) -> None:
    """A value that is no stage is written when there is one, and emptied when there is none."""
    rule = WriteRule("field", value)
    assert (full, bare) == (wanted_value(rule, FULL), wanted_value(rule, WISH))
    assert Entry("field", None, full) == one_of(rule, None, FULL)
    assert Entry("field", full, None) == one_of(rule, full, WISH)
    assert [None, None, None] == [
        one_of(rule, full, FULL),
        one_of(rule, None, WISH),
        one_of(rule, "", WISH),
    ]


def one_of(rule: WriteRule, current: Held, wish: Wish, *choices: str) -> object:
    """The only verdict about one field; None when there is none."""
    entries, differences = propose(
        [rule],
        {"field": target(current, *choices)},
        wish,
        vocabularies=VOCABULARIES,
        vendor_stage=VendorStage.OFF,
    )
    return next(iter([*entries, *differences]), None)


def test_a_value_that_the_crm_does_not_offer_is_unmapped() -> None:
    """A word that an admin took from the list of choices is a difference; emptying needs no choice."""
    rule = WriteRule("field", "content")
    unmapped = Difference("field", "consideration", "loyalty", Reason.UNMAPPED)
    assert unmapped == one_of(rule, "loyalty", FULL, "loyalty", "decision")
    assert Entry("field", "loyalty", None) == one_of(rule, "loyalty", WISH, "loyalty")


def test_a_score_beside_a_stage_is_that_of_its_change() -> None:
    """Written with the stage a score is that of the moment when the stage changed; alone it is today's."""
    alone = WriteRule("score", "score.interest")
    assert (30.0, 12.35) == (wanted_value(SCORE, FULL), wanted_value(alone, FULL))


REASON = WriteRule("reason", "reason", only_with="stage")


@pytest.mark.parametrize(
    ("targets", "more", "entries"),
    [
        # Never written, or emptied by somebody: filled, though the stage stands.
        (
            {"stage": target("lead"), "reason": target("")},
            {},
            [Entry("reason", "", "interest: request")],
        ),
        # Something stands there: left until the stage moves.
        ({"stage": target("lead"), "reason": target("older")}, {}, []),
        # The stage cannot be written: nothing that belongs to it is.
        ({"stage": target(None, "contact"), "reason": target(None)}, {}, []),
        # Read-only, or out of scope: nothing is written.
        ({"stage": target("lead"), "reason": target(None)}, {"frozen": True}, []),
        ({"stage": target("lead"), "reason": target(None)}, {"out_of_scope": True}, []),
    ],
)
def test_an_empty_companion_is_filled(
    targets: dict[str, Target], more: dict[str, bool], entries: list[Entry]
) -> None:
    """A field that goes with the stage is also written where it is empty beside a stage that stands."""
    found, _ = propose(
        [OURS, REASON],
        targets,
        FULL,
        vocabularies=VOCABULARIES,
        vendor_stage=VendorStage.OFF,
        **more,
    )
    assert entries == found


def test_who_moved_and_came_back_untold_is_told_nothing_of_it() -> None:
    """An empty companion is left where the record tells of an earlier change of stage than the last one."""
    dated = WriteRule("changed_at", "changed_at", only_with="stage")

    def found(stamp: str | None) -> list[str]:
        targets = {"stage": target("lead"), "reason": target(None), "changed_at": target(stamp)}
        entries, _ = propose(
            [OURS, REASON, dated],
            targets,
            FULL,
            vocabularies=VOCABULARIES,
            vendor_stage=VendorStage.OFF,
        )
        return [each.field for each in entries]

    assert [["reason"], ["reason", "changed_at"], []] == [
        found(FULL.changed_at),
        found(None),
        found("2020-01-01T00:00:00Z"),
    ]


def test_a_companion_of_a_vendors_field_is_never_filled_alone() -> None:
    """Beside a field that others write an empty companion waits for the next write of ours."""
    rule = replace(REASON, only_with="lifecycle")
    targets = {"lifecycle": target("lead"), "reason": target(None)}
    found = propose(
        [VENDOR, rule],
        targets,
        FULL,
        vocabularies=VOCABULARIES,
        vendor_stage=VendorStage.FORWARD,
    )
    assert ([], []) == found


def test_none_among_the_spellings_leaves_the_field() -> None:
    """A stage for which the CRM has no word is left as it is when the mapping says `none`, and is no difference."""
    rule = replace(STATUS, values={"lead": ("Nurturing", "none"), "customer": ("Won",)})
    assert judged(rule, target("New", "New", "Open")) is None
    assert judged(rule, target("New", "New", "Nurturing")) == Entry("status", "New", "Nurturing")
