"""Worlds told by hand: each leads quickly to a corner that chance seldom finds. They are lived before all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .machine import TwoCrms
from .world import Settings


class First:
    """Draws the first of what there is to choose from."""

    def draw(self, strategy: Any) -> Any:
        return strategy.elements[0]


Step = tuple[str, Mapping[str, Any]]
PERSON = ("hubspot", "contact")
MEMBER = ("salesforce", "contact")
A_MINUTE: Step = ("wait", {"seconds": 61.0})
RUN: Step = ("run", {})


def _form(number: int) -> Step:
    return ("fill_a_form", {"number": number})


def _sets(kind: tuple[str, str], number: int, value: str, actor: str = "human") -> Step:
    told = {"kind": kind, "number": number, "value": value, "actor": actor}
    return ("edit_our_stage", told)


def _stage(*stage: str, number: int = 0) -> Step:
    return ("edit_a_stage", {"stage": stage, "number": number, "actor": "human"})


def _quicker(crm: str, moment: str, number: int, value: str) -> Step:
    told = {"crm": crm, "moment": moment, "number": number, "value": value, "actor": "human"}
    return ("edit_during_a_run", told)


def _fault(crm: str, kind: str, match: str, times: int) -> Step:
    return ("arm_a_fault", {"crm": crm, "kind": kind, "match": match, "times": times})


def _approve(approve: bool = True) -> Step:
    return ("decide", {"approve": approve})


STORIES: Mapping[str, tuple[Settings, Sequence[Step]]] = {
    "everybody acts once": (
        Settings(),
        [
            ("edit_a_person", {"crm": "hubspot", "number": 0, "actor": "human", "data": First()}),
            ("edit_a_firm", {"crm": "salesforce", "number": 0, "actor": "human", "data": First()}),
            _stage("hubspot", "contact", "lifecyclestage", "subscriber"),
            _sets(PERSON, 1, "client"),
            ("import_people", {"crm": "salesforce", "numbers": {0, 1}, "data": First()}),
            ("import_our_stage", {"kind": MEMBER, "numbers": {0, 1}, "value": "target"}),
            ("add_a_person", {"crm": "hubspot", "number": 9}),
            _form(0),
            ("meet", {"crm": "salesforce", "number": 0, "kind": "meeting"}),
            ("deal_in_hubspot", {"number": 1, "stage": "closedwon"}),
            ("deal_in_salesforce", {"number": 1, "stage": "Qualification"}),
            ("plan", {}),
            ("merge", {"crm": "hubspot", "number": 0, "into": 1}),
            ("convert", {"number": 0}),
            ("delete", {"crm": "salesforce", "number": 1}),
            ("restore", {"number": 0}),
            ("hold", {"number": 0, "days": 1}),
            ("release", {"number": 0}),
            ("undo", {"number": 0, "whole": True, "approve": True}),
        ],
    ),
    "observed until approved": (Settings(mode="observe"), [_form(0), A_MINUTE, RUN]),
    "answers are lost": (
        Settings(),
        [
            A_MINUTE,
            *(_form(each) for each in range(3)),
            ("meet", {"crm": "salesforce", "number": 2, "kind": "meeting"}),
            _fault("hubspot", "cut_after", "/batch/update", 6),
            _fault("salesforce", "cut_after", "/composite/sobjects", 6),
            A_MINUTE,
            RUN,
            ("plan", {}),
            A_MINUTE,
            RUN,
        ],
    ),
    "the process ends before the answer": (
        Settings(),
        [
            A_MINUTE,
            _form(0),
            _form(1),
            A_MINUTE,
            ("crash", {"crm": "hubspot", "left": 1, "after": True}),
            RUN,
        ],
    ),
    "a stage is refused": (
        Settings(),
        [
            A_MINUTE,
            ("forbid_a_stage", {"name": "contact", "stage": "lead"}),
            *(_form(each) for each in range(3)),
            A_MINUTE,
            RUN,
            A_MINUTE,
            RUN,
        ],
    ),
    "somebody's stage is respected": (
        Settings(edits="respect"),
        [
            A_MINUTE,
            _sets(PERSON, 0, "client"),
            _sets(MEMBER, 1, "target"),
            A_MINUTE,
            RUN,
            _form(0),
            _form(1),
            A_MINUTE,
            RUN,
        ],
    ),
    "somebody is quicker than the run": (
        Settings(edits="respect"),
        [A_MINUTE, _quicker("hubspot", "read", 0, "client"), A_MINUTE, RUN],
    ),
    "somebody is quicker than the write": (
        Settings(edits="respect"),
        [A_MINUTE, _quicker("hubspot", "write", 0, "client"), A_MINUTE, RUN],
    ),
    "held by hand": (
        Settings(),
        [
            *(("hold", {"number": each, "days": None}) for each in range(9)),
            *(_form(each) for each in range(5)),
            A_MINUTE,
            RUN,
        ],
    ),
    "an undo": (
        Settings(),
        [
            A_MINUTE,
            *(_form(each) for each in range(3)),
            A_MINUTE,
            RUN,
            A_MINUTE,
            _sets(PERSON, 0, "client", "other_app"),
            _sets(MEMBER, 2, "client", "other_app"),
            A_MINUTE,
            ("plan", {}),
            ("undo", {"number": 0, "whole": True, "approve": True}),
            A_MINUTE,
            ("edit_a_person", {"crm": "hubspot", "number": 1, "actor": "human", "data": First()}),
            A_MINUTE,
            RUN,
        ],
    ),
    "a few at a time": (
        Settings(limits="narrow"),
        [
            _approve(),
            RUN,
            A_MINUTE,
            _form(0),
            _form(1),
            A_MINUTE,
            RUN,
            _form(2),
            A_MINUTE,
            RUN,
            _approve(),
            RUN,
            _form(3),
            _form(4),
            A_MINUTE,
            RUN,
        ],
    ),
    "what people did adds up in a merge": (
        Settings(),
        [
            ("meet", {"crm": "hubspot", "number": 0, "kind": "meeting"}),
            A_MINUTE,
            RUN,
            A_MINUTE,
            ("merge", {"crm": "hubspot", "number": 0, "into": 4}),
            A_MINUTE,
            RUN,
        ],
    ),
    "vendors' stages go forward": (
        Settings(),
        [
            A_MINUTE,
            _stage("salesforce", "lead", "Status", "Working - Contacted"),
            *(
                _stage("salesforce", "account", "Type", "Channel Partner / Reseller", number=n)
                for n in range(3)
            ),
            _stage("hubspot", "contact", "lifecyclestage", "evangelist"),
            ("deal_in_salesforce", {"number": 0, "stage": "Closed Won"}),
            ("deal_in_salesforce", {"number": 1, "stage": "Qualification"}),
            _form(3),
            A_MINUTE,
            RUN,
        ],
    ),
    "rows that are committed late": (
        Settings(),
        [
            A_MINUTE,
            (
                "edit_a_person",
                {"crm": "salesforce", "number": 0, "actor": "human", "data": First()},
            ),
            RUN,
            ("wait", {"seconds": 4.0}),
            (
                "edit_a_person",
                {"crm": "salesforce", "number": 3, "actor": "human", "data": First()},
            ),
            RUN,
            A_MINUTE,
            RUN,
        ],
    ),
    "a page fails": (
        Settings(),
        [
            A_MINUTE,
            ("edit_a_person", {"crm": "hubspot", "number": 0, "actor": "human", "data": First()}),
            ("meet", {"crm": "hubspot", "number": 0, "kind": "meeting"}),
            A_MINUTE,
            _fault("hubspot", "503", "associations", 40),
            RUN,
        ],
    ),
    "other definitions": (
        Settings(),
        [
            ("edit_a_person", {"crm": "hubspot", "number": 0, "actor": "human", "data": First()}),
            (
                "edit_a_person",
                {"crm": "salesforce", "number": 0, "actor": "human", "data": First()},
            ),
            ("edit_a_firm", {"crm": "hubspot", "number": 0, "actor": "human", "data": First()}),
            _form(0),
            A_MINUTE,
            RUN,
            ("change_definitions", {"name": "small firms"}),
            RUN,
            RUN,
        ],
    ),
    "gone and converted": (
        Settings(),
        [
            A_MINUTE,
            ("convert", {"number": 0}),
            ("delete", {"crm": "hubspot", "number": 1}),
            _form(3),
            A_MINUTE,
            RUN,
            ("deal_in_hubspot", {"number": 3, "stage": "closedwon"}),
            A_MINUTE,
            RUN,
        ],
    ),
    "stopped in the middle": (
        Settings(),
        [
            A_MINUTE,
            *(_form(each) for each in range(4)),
            A_MINUTE,
            ("stop", {"crm": "hubspot", "left": 2, "after": True}),
            RUN,
        ],
    ),
}


def live(state: TwoCrms, name: str) -> None:
    """One of these worlds, to its calm end."""
    settings, steps = STORIES[name]
    try:
        state.begin(settings=settings)
        for rule, given in steps:
            getattr(state, rule)(**given)
    except BaseException:
        state.ledger.failed = True
        raise
    finally:
        state.teardown()
