"""Facts from JSON Lines."""

import pytest

from stagesync.domain.facts import Activity, Deal, Facts
from stagesync.errors import Problem
from stagesync.loading.definitions import shipped_mappings
from stagesync.loading.facts import read_facts
from stagesync.loading.policy import load_policy


@pytest.fixture(scope="module")
def policy():
    return load_policy(shipped_mappings() / "policy.yaml")


WHOLE = """\
{"id": "p1", "person": {"email": "a@b.example", "country": "NO", "excluded": false, "nurture_since": "2026-01-01T01:00:00+01:00"},
 "account": {"domain": "b.example", "employees": 120, "revenue": 1.5e6},
 "activities": [{"type": "meeting", "at": "2026-10-01T10:00:00Z", "id": "m1", "connection": "crm", "outcome": "took_place", "phase": "decision", "topic": "t", "source": "s"}],
 "deals": [{"status": "won", "at": "2026-10-02T10:00:00Z", "amount": 1200, "id": "d1", "connection": "crm"}],
 "previous": {"qualification": "ready"}, "previous_at": "2026-09-01T00:00:00Z"}
""".replace("\n", "")


def read(lines, policy):
    return list(read_facts(lines, policy, file="facts.jsonl"))


def test_every_key_of_a_line_arrives(policy):
    """A line that uses every key is read whole."""
    ((number, line),) = read([WHOLE], policy)
    meeting = Activity(
        "meeting", 1790848800.0, "m1", "crm", phase="decision", topic="t", source="s"
    )
    assert (1, {"qualification": "ready"}, 1788220800.0, ()) == (
        number,
        line.previous,
        line.previous_at_s,
        line.warnings,
    )
    assert (
        Facts(
            id="p1",
            person={
                "email": "a@b.example",
                "country": "NO",
                "excluded": False,
                "nurture_since": 1767225600.0,
            },
            account={"domain": "b.example", "employees": 120, "revenue": 1.5e6},
            activities=(meeting,),
            deals=(Deal("won", 1790935200.0, 1200, "d1", "crm"),),
        )
        == line.facts
    )


@pytest.mark.parametrize(
    "line",
    [
        '{"id": "p"}',
        '{"id": "p", "person": null, "account": null, "activities": null, "deals": null, "previous": null}',
        '{"id": "p", "person": {"country": null, "need": "  ", "excluded": null, "churned": ""}}',
        '{"id": "p", "account": {"employees": null, "industry": ""}, "previous_at": ""}',
    ],
)
def test_null_and_blank_are_missing(policy, line):
    """Nothing known, null and blank text give the same facts."""
    ((_, found),) = read([line], policy)
    assert Facts("p") == found.facts


BROKEN = [
    ("not json", ": is not JSON: "),
    ('{"id": "p", "account": {"employees": NaN}}', ": is not JSON: "),
    ("[1]", ": must be a JSON object, one person a line"),
    ("{}", ": id: is missing"),
    ('{"id": null}', ": id: is missing"),
    ('{"id": "  "}', ": id: is missing"),
    ('{"id": 7}', ": id: must be a text, not a number"),
    (
        '{"id": "p", "activites": []}',
        ": activites: unknown key `activites`, did you mean `activities`?",
    ),
    ('{"id": "p", "person": []}', ": person: must be a JSON object, not an array"),
    ('{"id": "p", "activities": {}}', ": activities: must be a JSON array, not an object"),
    ('{"id": "p", "activities": [null]}', ": activities[0]: must be a JSON object, not null"),
    (
        '{"id": "p", "person": {"excluded": "false"}}',
        ': person.excluded: must be true or false, not the text "false"',
    ),
    (
        '{"id": "p", "person": {"excluded": 0}}',
        ": person.excluded: must be true or false, not a number",
    ),
    ('{"id": "p", "person": {"country": 33}}', ": person.country: must be a text, not a number"),
    (
        '{"id": "p", "person": {"nurture_since": "2026-01-01T00:00:00"}}',
        ": person.nurture_since: is an instant without a time zone",
    ),
    (
        '{"id": "p", "account": {"employees": "120"}}',
        ": account.employees: must be a number, not a text",
    ),
    (
        '{"id": "p", "account": {"employees": true}}',
        ": account.employees: must be a number, not true",
    ),
    (
        '{"id": "p", "account": {"employees": -1}}',
        ": account.employees: must be a finite number, not below zero",
    ),
    (
        '{"id": "p", "activities": [{"at": "2026-10-01T10:00:00Z"}]}',
        ": activities[0].type: is missing",
    ),
    ('{"id": "p", "activities": [{"type": "meeting"}]}', ": activities[0].at: is missing"),
    (
        '{"id": "p", "activities": [{"type": "meeting", "at": "2026-10-01T10:00:00"}]}',
        ": activities[0].at: is an instant without a time zone",
    ),
    (
        '{"id": "p", "activities": [{"type": "meeting", "at": 1790848800}]}',
        ": activities[0].at: must be a text, not a number",
    ),
    (
        '{"id": "p", "activities": [{"type": "meeting", "at": "2026-10-01T10:00:00Z", "outcome": "canceled"}]}',
        ": activities[0].outcome: unknown outcome `canceled`, did you mean `cancelled`?",
    ),
    ('{"id": "p", "deals": [{"at": "2026-10-01T10:00:00Z"}]}', ": deals[0].status: is missing"),
    (
        '{"id": "p", "deals": [{"status": "closed"}]}',
        ": deals[0].status: unknown deal status `closed`; known: open, won, lost",
    ),
    (
        '{"id": "p", "deals": [{"status": "won", "amount": "12"}]}',
        ": deals[0].amount: must be a number, not a text",
    ),
    (
        '{"id": "p", "previous": {"qualifcation": "ready"}}',
        ": previous.qualifcation: unknown axis `qualifcation`, did you mean `qualification`?",
    ),
    (
        '{"id": "p", "previous": {"qualification": "redy"}}',
        ": previous.qualification: unknown level of qualification `redy`, did you mean `ready`?",
    ),
    (
        '{"id": "p", "previous_at": "2026-10-01"}',
        ": previous_at: is an instant without a time zone",
    ),
]


@pytest.mark.parametrize(("line", "message"), BROKEN, ids=[line for line, _ in BROKEN])
def test_a_broken_line_is_refused_with_its_number_and_the_others_go_on(policy, line, message):
    """A line that breaks the contract names its place; the lines around it are read."""
    before, refused, after = read(['{"id": "a"}', line, '{"id": "b"}'], policy)
    assert ["a", "b"] == [before[1].facts.id, after[1].facts.id]
    assert isinstance(refused[1], Problem)
    assert f"facts.jsonl:2{message}" == str(refused[1])[: len(f"facts.jsonl:2{message}")]


def test_all_mistakes_of_a_line_come_at_once(policy):
    """One line with three mistakes is one problem that names all three."""
    line = '{"id": "p", "person": {"excluded": "no"}, "deals": [{"status": "x"}], "previous_at": "now"}'
    ((_, problem),) = read([line], policy)
    assert ["person.excluded", True, True] == [
        problem.path,
        "deals[0].status: " in problem.message,
        "previous_at: " in problem.message,
    ]


def test_what_is_merely_unknown_is_a_warning(policy):
    """Unknown facts, keys of an activity and top-level keys that resemble nothing are ignored aloud."""
    line = (
        '{"id": "p", "crm_owner": "x", "person": {"shoe_size": 43}, '
        '"activities": [{"type": "juggling", "at": "2026-10-01T10:00:00Z", "mood": "good"}]}'
    )
    ((_, found),) = read([line], policy)
    assert [
        "unknown key `crm_owner`",
        "unknown fact of person `shoe_size`",
        "unknown key of activities `mood`",
    ] == [warning.partition(";")[0] for warning in found.warnings]
    assert "juggling" == found.facts.activities[0].type


def test_facts_that_the_policy_declares_are_read(tmp_path):
    """A declared fact is typed like any other."""
    path = tmp_path / "policy.yaml"
    path.write_text(
        "policy: p\nversion: 1\nfacts: {person.budget: number, account.vip: flag}\n"
        "axes: {a: {no: , yes: {account.vip: yes}}}\n",
        encoding="utf-8",
    )
    line = '{"id": "p", "person": {"budget": 9}, "account": {"vip": true}}'
    ((_, found),) = read([line], load_policy(path))
    assert ({"budget": 9}, {"vip": True}, ()) == (
        found.facts.person,
        found.facts.account,
        found.warnings,
    )


def test_a_cancelled_meeting_did_not_take_place(policy):
    """Cancelled and missed meetings are told apart from those that took place."""
    activity = '{{"type": "meeting", "at": "2026-10-01T10:00:00Z", "outcome": "{}"}}'
    told = ", ".join(activity.format(outcome) for outcome in ("took_place", "cancelled", "no_show"))
    ((_, found),) = read([f'{{"id": "p", "activities": [{told}]}}'], policy)
    assert [True, False, False] == [one.took_place for one in found.facts.activities]


def test_no_personal_data_is_repeated(policy):
    """A value of the wrong type is described, not quoted."""
    line = '{"id": "p", "person": {"excluded": "jane@doe.example", "nurture_since": "jane@doe.example"}}'
    ((_, problem),) = read([line], policy)
    assert "jane" not in str(problem)


def test_blank_lines_and_a_byte_order_mark_are_skipped(policy):
    """Line numbers count every line of the file, also blank ones."""
    found = read([b'\xef\xbb\xbf{"id": "a"}\n', b"\n", b'{"id": "b"}\n'], policy)
    assert [(1, "a"), (3, "b")] == [(number, line.facts.id) for number, line in found]
