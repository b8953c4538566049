"""Activities: several people on one of them, invitees' copies, archived ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import responses

from stagesync.connector import Pull, Record
from stagesync.sandbox.salesforce.ids import make_id
from stagesync.sandbox.seeds import SalesforceSeed

PullAll = Callable[..., tuple[dict[str, dict[str, Record]], dict[str, str]]]
HOUR_S = 3_600
ASKED: dict[str, tuple[str, ...]] = {"task": (), "event": ()}
TASK, EVENT = make_id("Task", 1), make_id("Event", 1)
PEOPLE = [make_id("Contact", number) for number in range(1, 6)]


def seed(now: float) -> SalesforceSeed:
    stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), now)
    contacts = [{"Id": each, "LastName": "N", **stamps} for each in PEOPLE]
    task = {"Id": TASK, "WhoId": PEOPLE[0], "Status": "Completed", **stamps}
    event = {"Id": EVENT, "WhoId": PEOPLE[0], "StartDateTime": now, "DurationInMinutes": 30}
    copy = event | {"Id": make_id("Event", 2), "IsChild": True}
    return SalesforceSeed(
        {"Contact": contacts, "Task": [task], "Event": [event | stamps, copy | stamps]}
    )


@pytest.fixture
def org(empty_bench: Any) -> Any:
    """A task and a meeting with one person each, in an org with Shared Activities."""
    empty_bench.sim.load(seed(float(int(empty_bench.sim.clock.now() - HOUR_S))))
    empty_bench.sim.switches.update({"shared_activities": True})
    return empty_bench


def relate(org: Any, relation: str, person: str, **values: Any) -> str:
    """Somebody adds a person to the task or to the meeting."""
    activity = {"TaskRelation": {"TaskId": TASK}, "EventRelation": {"EventId": EVENT}}[relation]
    body = {**activity, "RelationId": person, **values}
    made = org.call("POST", f"sobjects/{relation}", body=body)
    org.sim.clock.advance(10)
    return str(made["id"])


def people(found: dict[str, dict[str, Record]], name: str, record_id: str) -> set[str]:
    return set((found[name][record_id].links or {}).get("contact", ()))


def test_every_person_of_an_activity_is_named(org: Any, pull_all: PullAll) -> None:
    """A task and a meeting with three people name all three, the first one once."""
    for person in PEOPLE[1:3]:
        relate(org, "TaskRelation", person)
        relate(org, "EventRelation", person, IsParent=True)
    found, _ = pull_all(org.connector, ASKED)
    assert set(PEOPLE[:3]) == people(found, "task", TASK) == people(found, "event", EVENT)
    assert 3 == len((found["task"][TASK].links or {})["contact"])


def test_an_invitation_counts_once_it_is_accepted(org: Any, pull_all: PullAll) -> None:
    """Who took the invitation to a meeting was there; who declined or said nothing was not."""
    for person, status in zip(PEOPLE[1:4], ("Accepted", "Declined", "New"), strict=True):
        relate(org, "EventRelation", person, IsInvitee=True, IsParent=False, Status=status)
    found, _ = pull_all(org.connector, ASKED)
    assert set(PEOPLE[:2]) == people(found, "event", EVENT)


def test_copies_of_invitees_are_left_out(org: Any, pull_all: PullAll) -> None:
    """The copy that an invited user gets of a meeting is no second meeting."""
    found, _ = pull_all(org.connector, ASKED)
    assert ({EVENT}, 2) == (set(found["event"]), len(org.rows("Event")))


@pytest.mark.parametrize("moves", [False, True])
def test_person_added_later_is_told(org: Any, pull_all: PullAll, moves: bool) -> None:
    """Without a new stamp of the activity it is told by the next sweep, with one by the next pull."""
    org.sim.switches.update({"relations_move_stamps": moves})
    _, cursors = pull_all(org.connector, ASKED)
    org.sim.clock.advance(1_200)
    relate(org, "TaskRelation", PEOPLE[1])
    soon, cursors = pull_all(org.connector, ASKED, **cursors)
    org.sim.clock.advance(HOUR_S)
    found, cursors = pull_all(org.connector, ASKED, **cursors)
    assert set(PEOPLE[:2]) == people(found, "task", TASK)
    assert moves == (TASK in soon["task"])
    org.sim.clock.advance(2 * HOUR_S)
    assert {} == pull_all(org.connector, ASKED, **cursors)[0]["task"]


def test_person_taken_off_later_is_told(org: Any, pull_all: PullAll) -> None:
    """A relation that was deleted is named no more after the next sweep."""
    made = relate(org, "TaskRelation", PEOPLE[1])
    first, cursors = pull_all(org.connector, ASKED)
    org.sim.clock.advance(1_200)
    org.sim.delete({"object": "TaskRelation", "id": made})
    org.sim.clock.advance(HOUR_S)
    found, _ = pull_all(org.connector, ASKED, **cursors)
    assert (set(PEOPLE[:2]), set(PEOPLE[:1])) == (
        people(first, "task", TASK),
        people(found, "task", TASK),
    )


def test_archived_activity_names_all_its_people(org: Any, pull_all: PullAll) -> None:
    """A closed task so old that plain queries hide it is loaded with everybody it names."""
    relate(org, "TaskRelation", PEOPLE[1])
    row = org.rows("Task")[TASK]
    org.sim.org.table("Task").put(row | {"IsArchived": True})
    found, _ = pull_all(org.connector, ASKED)
    [read] = org.connector.read("task", [TASK], ())
    assert set(PEOPLE[:2]) == people(found, "task", TASK)
    assert found["task"][TASK].links == read.links == org.connector.links("task", [TASK])[TASK]


def test_idle_pull_costs_no_call_more(org: Any, pull_all: PullAll) -> None:
    """Between sweeps the people of activities ride in the pull's own call, for a new process too."""
    relate(org, "TaskRelation", PEOPLE[1])
    _, cursors = pull_all(org.connector, ASKED)
    other = org.connect(overlap_s=2 * HOUR_S)
    found, _ = pull_all(other, ASKED, **cursors)
    other.close()
    assert (1, set(PEOPLE[:2])) == (other.calls, people(found, "task", TASK))


def test_activities_of_such_an_org_are_not_loaded_by_bulk(org: Any, pull_all: PullAll) -> None:
    """Bulk allows no subqueries, so pages bring what has several people, and all of it."""
    stamp = org.rows("Task")[TASK]["SystemModstamp"]
    stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), stamp)
    more = [{"Id": make_id("Task", n), "WhoId": PEOPLE[2], **stamps} for n in range(2, 1_500)]
    org.sim.load(SalesforceSeed({"Task": more}))
    connector = org.connect(bulk_from=100, page_size=200)
    found, _ = pull_all(connector, {"task": ()})
    connector.close()
    assert 1_499 == len(found["task"])
    assert [] == [path for _, path in org.calls_in_log() if "jobs" in path]


@responses.activate
def test_people_on_a_further_page_are_fetched(scripted: Any) -> None:
    """An answer that cuts the people of an activity short is completed."""
    connector, _ = scripted
    connector._known.persons, connector._known.shared = False, True
    base = "https://acme.my.salesforce.com"
    token = {"access_token": "t", "instance_url": base, "id": f"{base}/id/00D/005"}
    responses.post(f"{base}/services/oauth2/token", json=token)
    at = "2026-11-01T08:00:00.000+0000"
    below = {"totalSize": 2, "done": False, "nextRecordsUrl": "/services/data/v64.0/query/01g-1"}
    row = {"Id": TASK, "SystemModstamp": at, "CreatedDate": at, "WhoId": PEOPLE[0]}
    row |= {"AccountId": None, "TaskRelations": below | {"records": [{"RelationId": PEOPLE[0]}]}}
    bodies = (
        {"totalSize": 1, "done": True, "records": [row]},
        {"totalSize": 2, "done": True, "records": [{"RelationId": PEOPLE[1]}]},
    )
    for body in bodies:
        part = {"referenceId": "p0", "httpStatusCode": 200, "body": body}
        responses.post(f"{base}/services/data/v64.0/composite", json={"compositeResponse": [part]})
    page = next(iter(connector.pull([Pull("task", ())])))
    assert tuple(PEOPLE[:2]) == (page.records[0].links or {})["contact"]
