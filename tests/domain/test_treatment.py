"""Which line of a vocabulary's treatment is meant for somebody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stagesync.domain.facts import Activity, Facts, Value
from stagesync.domain.treatment import Asked, asked_of, compile_treatments, contents
from stagesync.loading.definitions import load_definitions, shipped_mappings

SHIPPED = load_definitions(shipped_mappings())
STANDARD = SHIPPED.vocabularies["standard"]
TREATMENT_OF = compile_treatments(STANDARD, SHIPPED.policy.axes)
LOWEST = {axis.name: axis.level_names[0] for axis in SHIPPED.policy.axes}


def content(stage: str, person: dict[str, Value], **levels: str) -> object:
    """The kind of content that the standard vocabulary asks for."""
    return TREATMENT_OF(stage, Facts("p1", person=person), LOWEST | levels).get("content")


@pytest.mark.parametrize(
    ("stage", "person", "levels", "expected"),
    [
        ("lead", {}, {}, "consideration"),
        ("client", {}, {}, "loyalty"),
        ("lead", {}, {"disposition": "nurture"}, "nurturing"),
        ("lead", {}, {"disposition": "lost"}, "consideration"),
        ("lead", {"do_not_contact": True}, {}, "none"),
        ("lead", {"do_not_contact": False}, {}, "consideration"),
        ("lead", {"do_not_contact": True}, {"disposition": "nurture"}, "none"),
        ("former_client", {}, {}, None),
    ],
)
def test_the_first_line_that_holds_comes_before_the_stages_own(stage, person, levels, expected):
    """Lines with a condition are asked from the top, then the line of the stage."""
    assert expected == content(stage, person, **levels)


def test_who_wants_no_contact_is_left_in_peace_whatever_a_vocabulary_says() -> None:
    """Without a line for it the treatment of somebody who opted out is `none` all the same."""
    silent = replace(STANDARD, overrides=())
    treatment = compile_treatments(silent, SHIPPED.policy.axes)
    facts = Facts("p1", person={"do_not_contact": True})
    assert "none" == treatment("client", facts, LOWEST)["content"]


NOW_S = 1_000 * 86_400.0
DAY_S = 86_400.0


def asked(*activities: Activity, person: dict[str, Value] | None = None, **more: object) -> Asked:
    """What a treatment with a pause of 14 days asks for."""
    treatment = {"content": "nurturing", "contact_again_after_days": 14.0} | more
    facts = Facts("p1", person=person or {}, activities=activities)
    return asked_of(treatment, facts, now_s=NOW_S)


def ago(days: float, kind: str = "call_logged", *, took_place: bool = True) -> Activity:
    return Activity(kind, NOW_S - days * DAY_S, took_place=took_place)


@pytest.mark.parametrize(
    ("activities", "days"),
    [
        ((), None),
        ((ago(20), ago(3)), 11.0),
        # The pause may be over: the date lies in the past.
        ((ago(20),), -6.0),
        # What is no contact by sales, did not take place, or is planned does not count.
        ((ago(20), ago(3, "page_view")), -6.0),
        ((ago(20), ago(3, "meeting", took_place=False)), -6.0),
        ((ago(20), ago(-3, "meeting")), -6.0),
        ((ago(3, "meeting"),), 11.0),
    ],
)
def test_the_pause_counts_from_the_last_contact(activities, days):
    """The next contact is the last one by sales that took place, and the pause."""
    expected = None if days is None else NOW_S + days * DAY_S
    assert Asked("nurturing", expected) == asked(*activities)


def test_nobody_is_contacted_again_who_does_not_want_it():
    """For `none`, for who opted out, and without a pause there is no next contact."""
    assert Asked("none", None) == asked(ago(3), content="none")
    assert None is asked(ago(3), person={"do_not_contact": True}).next_contact_at_s
    assert None is asked(ago(3), contact_again_after_days=None).next_contact_at_s


def test_a_treatment_may_name_its_contacts():
    """`contact_seen_as` stands for the types that count otherwise."""
    found = asked(ago(3), ago(5, "visit_logged"), contact_seen_as=["visit_logged"])
    assert NOW_S + 9 * DAY_S == found.next_contact_at_s


def test_contents_stand_in_the_order_of_the_ladder():
    """Every word for content once: along the ladder, then nurturing, then `none`; all with both labels."""
    found = contents(STANDARD)
    assert [
        "awareness",
        "discovery",
        "consideration",
        "evaluation",
        "decision",
        "loyalty",
        "nurturing",
        "none",
    ] == list(found)
    assert {("en", "fr")} == {tuple(labels) for labels in found.values()}
