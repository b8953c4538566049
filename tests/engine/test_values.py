"""When two spellings are one value, how far the CRMs agree, how long the daemon waits, what setup makes."""

import pytest

from stagesync.connector import CrmError, FieldType, Throttled, Unavailable
from stagesync.engine.agreement import Agreement, agreement
from stagesync.engine.compare import same_value
from stagesync.engine.daemon import LONGEST_PAUSE_S, pause_after
from stagesync.engine.setup import own_fields

from .bench import Bench


@pytest.mark.parametrize(
    ("kind", "one", "other", "same"),
    [
        (FieldType.TEXT, None, "", True),
        (FieldType.TEXT, "lead", "lead", True),
        (FieldType.TEXT, "Lead", "lead", False),
        (FieldType.CHOICE, None, "lead", False),
        (FieldType.NUMBER, "12.50", 12.5, True),
        (FieldType.NUMBER, "", None, True),
        (FieldType.NUMBER, "12.5", "12.51", False),
        (FieldType.NUMBER, "many", "many", True),
        (FieldType.FLAG, True, "true", True),
        (FieldType.FLAG, "TRUE", "false", False),
        (FieldType.FLAG, "", None, True),
        (FieldType.INSTANT, "2026-11-20T12:00:00Z", "2026-11-20T13:00:00.400+01:00", True),
        (FieldType.INSTANT, "1795176000000", "2026-11-20T12:00:00Z", True),
        (FieldType.INSTANT, "2026-11-20T12:00:00Z", "2026-11-20T12:00:01Z", False),
        (FieldType.INSTANT, None, "", True),
        (FieldType.INSTANT, "soon", "soon", True),
    ],
)
def test_spellings_of_a_value(kind: FieldType, one: object, other: object, same: bool) -> None:
    """Two spellings are compared as the field's type says."""
    assert same is same_value(kind)(one, other)


@pytest.mark.parametrize(
    ("errors", "failures", "pause"),
    [
        ([Unavailable("x", retry_after_s=5.0)], 1, 120.0),
        ([Unavailable("x", retry_after_s=5.0)], 2, 240.0),
        ([Throttled("x", retry_after_s=500.0)], 1, 500.0),
        ([Unavailable("x")], 20, LONGEST_PAUSE_S),
        ([Throttled("x", retry_after_s=9_000.0)], 1, LONGEST_PAUSE_S),
    ],
)
def test_the_daemon_hammers_nobody(errors: list[CrmError], failures: int, pause: float) -> None:
    """The wait doubles from failure to failure, is as long as the CRM asks, and has an end."""
    asked_s = max((each.retry_after_s or 0.0 for each in errors), default=0.0)
    assert pause == pause_after(failures, 60.0, asked_s=asked_s)


def agreed(bench: Bench) -> Agreement:
    """How far the CRMs agree now."""
    with bench.store.read() as tx:
        return agreement(tx, bench.deployment)


def test_words_that_cannot_both_be_true(forward: Bench) -> None:
    """A customer here and a lead nobody spoke to there contradict each other; the others do not."""
    words = [("customer", "Open"), ("lead", "Open"), ("lead", None), ("unheard of", "Open")]
    for number, (lifecycle, status) in enumerate(words):
        email = f"p{number}@firm.example"
        forward.contact(email, last="Ng", lifecycle=lifecycle)
        forward.member(email, kind="lead", LastName="Ng", Status=status)
    forward.contact("bob@firm.example", last="Hill")
    forward.sync(write=False)
    assert Agreement(4, 1 / 2, 0.0) == agreed(forward)


def test_the_crms_agree_after_a_run(forward: Bench) -> None:
    """After a run our own field holds one stage for everybody, converted leads left aside."""
    forward.contact("ann@firm.example", last="Ng")
    lead = forward.member("ann@firm.example", kind="lead", LastName="Ng")
    forward.sync()
    forward.south.convert("lead", lead, {"IsConverted": "true"}, to="contact")
    forward.sync()
    assert ("contact", 1.0) == (
        forward.value("south", "lead", lead, "Stage__c"),
        agreed(forward).own,
    )


def test_there_is_no_agreement_about_nobody(bench: Bench) -> None:
    """Without people in several CRMs there is no share to tell."""
    bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    assert Agreement(0, None, None) == agreed(bench)


def test_setup_asks_for_our_own_fields_alone(bench: Bench) -> None:
    """Every field that we own is asked for with its type, the stage in the order of the ladder."""
    fields = own_fields(bench.deployment, bench.deployment.connections["north"])
    assert [
        ("company", "stage", FieldType.CHOICE, 0),
        ("contact", "stage", FieldType.CHOICE, 0),
        ("contact", "score", FieldType.NUMBER, 2),
        ("contact", "changed_at", FieldType.INSTANT, 0),
    ] == [(each.object, each.name, each.type, each.decimals) for each in fields]
    values = [value for value, _ in fields[0].options]
    assert (["contact", "target"], "former_client") == (values[:2], values[-1])
