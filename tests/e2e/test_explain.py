"""`stagesync explain` on a world that was brought to agreement."""

from __future__ import annotations

from typing import Any

import pytest

from stagesync.store import history, records

from .conftest import World
from .deployments import Place

pytestmark = pytest.mark.xdist_group("settled")
"""One worker makes the world that these tests share."""

CRMS = {"hubspot", "salesforce"}


@pytest.fixture
def place(settled: World) -> Place:
    return settled.place


def shared_people(place: Place) -> dict[str, list[records.StoredRecord]]:
    """Person -> its records, for those whom both CRMs hold under one address."""
    objects = [("hubspot", "contact"), ("salesforce", "contact")]
    found: dict[str, list[records.StoredRecord]] = {}
    with place.open() as opened, opened.deployment.store.begin() as tx:
        for each in records.all_records(tx, objects):
            if each.person and each.email:
                found.setdefault(each.person, []).append(each)
    return {
        who: own
        for who, own in found.items()
        if {each.connection for each in own} == CRMS and len({each.email for each in own}) == 1
    }


@pytest.fixture
def somebody(place: Place) -> tuple[str, records.StoredRecord]:
    """A person with much to explain, and one of its records."""
    known = shared_people(place)
    with place.open() as opened, opened.deployment.store.begin() as tx:
        said = {who: history.transitions_of(tx, who) for who in known}
    who = max(known, key=lambda each: sum(len(one.reasons) for one in said[each]))
    return who, known[who][0]


@pytest.fixture(scope="module")
def documents(settled: World) -> dict[str, Any]:
    """The explanations of eight people."""
    place = settled.place
    return {
        who: place.run("explain", who, "--json").json for who in sorted(shared_people(place))[:8]
    }


def test_lines_sum_to_each_score(documents):
    """For every person the lines of a score sum to it, caps and floors included."""
    for document in documents.values():
        for score, total in document["scores"].items():
            lines = [each["points"] for each in document["reasons"] if each["score"] == score]
            assert pytest.approx(total, abs=1e-9) == sum(lines)


def test_each_fact_names_its_crm_and_record(documents):
    """Every fact says which CRM, object and record told it, and so does every activity."""
    for document in documents.values():
        for one in document["facts"].values():
            assert {"connection", "object", "id"} == one["from"].keys()
            assert one["from"]["connection"] in CRMS
        assert all(each["connection"] in CRMS for each in document["activities"])
        assert {each["connection"] for each in document["records"]} == CRMS


def test_each_crms_value_before_and_after_is_told(documents):
    """The changes name, for each CRM, the value before and after; what stands there now is the value after."""
    for document in documents.values():
        changes = {
            (each["connection"], each["field"]): (each["before"], each["after"])
            for each in document["changes"]
        }
        assert (None, document["stages"]["standard"]) == changes["hubspot", "stagesync_stage"]
        assert (None, document["stages"]["standard"]) == changes["salesforce", "Lifecycle_Stage__c"]
        for each in document["records"]:
            if "converted" in {one["reason"] for one in each["differences"]}:
                continue
            stage = each["values"].get("stagesync_stage", each["values"].get("Lifecycle_Stage__c"))
            assert document["stages"]["standard"] == stage


def test_someone_is_found_by_id_record_and_address(place, somebody):
    """A person id, a record id, and an e-mail in capitals with blanks around it lead to the same person."""
    who, record = somebody
    ways = (who, record.id, f"  {record.email.upper()} ")
    assert [who] * 3 == [place.run("explain", each, "--json").json["id"] for each in ways]


def test_nobody_is_an_argument_error(place):
    """Who is not there ends with exit code 2, a hint, and without repeating what was typed."""
    ran = place.run("explain", "nobody@nowhere.example")
    assert (2, "") == (ran.code, ran.out)
    assert "hint: " in ran.err
    assert "nowhere" not in ran.err


def test_a_person_reads_headed_blocks(place, somebody):
    """In a pipe each block has a title and the names of its columns, and scores show their total."""
    who, _ = somebody
    out = place.run("explain", who).out
    for title in ("position", "score: fit", "score: interest", "facts, and who told them"):
        assert f"\n{title}\n" in out
    document = place.run("explain", who, "--json").json
    assert f"total\t{document['scores']['interest']:.2f}\t" in out
    assert f"standard\t{document['stages']['standard']}\n" in out
    assert "{'" not in out
    assert "next" in out


def test_plan_for_one_person_asks_for_that_person_alone(place, somebody):
    """`plan --person` of somebody settled has nothing to write."""
    ran = place.run("plan", "--person", somebody[0], "--json")
    assert (0, []) == (ran.code, ran.json["writes"])


def test_the_past_is_told_as_it_was_stored(place, somebody):
    """`--at` gives the stored transition of then, with lines that sum, and refuses an instant before it."""
    who, _ = somebody
    now = place.run("explain", who, "--json").json
    then = place.run("explain", who, "--at", now["evaluated_at"], "--json").json
    assert then["position"] == now["position"]
    assert then["stages"] == now["stages"]
    total = sum(line["points"] for line in then["reasons"] if line["score"] == "interest")
    assert total == pytest.approx(then["scores"]["interest"], abs=1e-9)
    early = place.run("explain", who, "--at", "2001-01-01T00:00:00Z")
    assert early.code == 2
    assert "was not placed before" in early.err
