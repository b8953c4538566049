"""HubSpot: batches, and what exactly fails in them."""

import pytest

from stagesync.sandbox.hubspot import HubSpotSim

BATCH = "/crm/v3/objects/contacts/batch"


def _update(hs, *pairs, **more):
    inputs = [{"id": found, "properties": properties, **more} for found, properties in pairs]
    return hs.post(f"{BATCH}/update", {"inputs": inputs})


def test_duplicate_id_writes_nothing(seeded):
    """The same id twice is 400 with the id, and nothing is written."""
    got = _update(
        seeded, ("101", {"firstname": "A"}), ("102", {"firstname": "B"}), ("101", {"phone": "1"})
    )
    assert got.status == 400
    assert got.body["context"] == {"ids": ["101"]}
    said = "Duplicate IDs found in batch input: [101]. IDs must be unique"
    assert got.body["message"] == said
    assert seeded.value("contacts", "102", "firstname") == "Name2"


def test_unknown_id_is_207_and_others_are_written(seeded):
    """An unknown id is an error row; the other inputs are written."""
    got = _update(seeded, ("9", {"firstname": "A"}), ("102", {"firstname": "B"}))
    assert (got.status, got.body["numErrors"]) == (207, 1)
    error = got.body["errors"][0]
    assert (error["category"], error["context"]) == ("OBJECT_NOT_FOUND", {"ids": ["9"]})
    assert error["message"].startswith("Could not get some CONTACT objects")
    assert seeded.value("contacts", "102", "firstname") == "B"


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"nonsense": "1"}, "PROPERTY_DOESNT_EXIST"),
        ({"hs_lead_status": "HOWDY"}, "INVALID_OPTION"),
        ({"associatedcompanyid": "1"}, "READ_ONLY_VALUE"),
    ],
)
def test_one_bad_value_refuses_the_whole_batch(seeded, bad, code):
    """One bad property or value is 400 for all, without any record id in the body."""
    got = _update(seeded, ("101", {"firstname": "A"}), ("102", bad))
    assert got.status == 400
    assert got.body["errors"][0]["code"] == code
    assert "102" not in str(got.body)
    assert seeded.value("contacts", "101", "firstname") == "Name1"


def test_echo_has_touched_and_system_properties_only(seeded):
    """An update answers with what it touched and the system's own properties."""
    got = _update(seeded, ("101", {"jobtitle": "CTO"})).body["results"][0]
    assert set(got["properties"]) == {
        "jobtitle",
        "lifecyclestage",
        "createdate",
        "lastmodifieddate",
        "hs_object_id",
    }
    made = seeded.post(f"{BATCH}/create", {"inputs": [{"properties": {"firstname": "N"}}]})
    echoed = made.body["results"][0]["properties"]
    assert echoed["hs_object_source"] == "INTEGRATION"
    assert echoed["hs_object_source_id"] == "31415"
    assert echoed["hs_pipeline"] == "contacts-lifecycle-pipeline"


def test_results_come_in_another_order(seeded):
    """Results are shuffled, and complete."""
    ids = [str(n) for n in range(101, 151)]
    got = _update(seeded, *((found, {"jobtitle": "X"}) for found in ids)).body["results"]
    order = [row["id"] for row in got]
    assert order != ids
    assert sorted(order) == ids


def test_same_values_keep_the_modified_date(seeded):
    """A batch that changes nothing is a success and moves no date."""
    before = seeded.value("contacts", "101", "lastmodifieddate")
    got = _update(seeded, ("101", {"firstname": "Name1"}))
    assert got.status == 200
    assert got.body["results"][0]["properties"]["lastmodifieddate"] == before


@pytest.mark.parametrize("call", ["read", "create", "update", "upsert", "archive"])
def test_more_than_a_hundred(seeded, call):
    """More than 100 inputs are refused."""
    inputs = [{"id": str(n), "properties": {}, "idProperty": "email"} for n in range(101)]
    assert seeded.post(f"{BATCH}/{call}", {"inputs": inputs}).status == 400


def test_update_by_email_needs_id_property(seeded):
    """By email with idProperty it works; without, it is a success that does nothing."""
    got = _update(seeded, ("P1@firm.example", {"jobtitle": "A"}), idProperty="email")
    assert [row["id"] for row in got.body["results"]] == ["101"]
    got = _update(seeded, ("p1@firm.example", {"jobtitle": "B"}))
    assert (got.status, got.body["results"]) == (200, [])
    assert seeded.value("contacts", "101", "jobtitle") == "A"


@pytest.mark.parametrize("name", ["hs_object_id", "phone"])
def test_id_property_must_be_unique(seeded, name):
    """The record id and any property that is not unique are refused as idProperty."""
    got = _update(seeded, ("101", {"jobtitle": "A"}), idProperty=name)
    said = f"Unable to perform update by non-unique {name} property"
    assert (got.status, got.body["message"]) == (400, said)


def test_batch_create_with_existing_email_fails_whole(seeded):
    """Without trace ids one taken email refuses all, naming the first only."""
    wanted = ["new@x.example", "p2@firm.example", "p3@firm.example"]
    inputs = [{"properties": {"email": email}} for email in wanted]
    got = seeded.post(f"{BATCH}/create", {"inputs": inputs})
    assert got.status == 409
    assert got.body["message"] == "Contact already exists. Existing ID: 102"
    assert seeded.sim.state()["objects"]["contacts"] == 50


def test_trace_ids_make_a_create_partial(seeded):
    """With a trace id on every input, good ones are made and errors name theirs."""
    wanted = {"t1": "new@x.example", "t2": "p2@firm.example"}
    inputs = [
        {"properties": {"email": email}, "objectWriteTraceId": trace}
        for trace, email in wanted.items()
    ]
    got = seeded.post(f"{BATCH}/create", {"inputs": inputs})
    assert (got.status, len(got.body["results"])) == (207, 1)
    assert got.body["errors"][0]["context"]["objectWriteTraceId"] == ["t2"]


def test_trace_ids_on_update_are_a_switch(seeded):
    """On update trace ids are ignored, unless the switch says otherwise."""
    inputs = [
        {"id": "101", "properties": {"jobtitle": "A"}, "objectWriteTraceId": "t1"},
        {"id": "102", "properties": {"nonsense": "A"}, "objectWriteTraceId": "t2"},
    ]
    assert seeded.post(f"{BATCH}/update", {"inputs": inputs}).status == 400
    seeded.switch(trace_ids_on_update=True)
    got = seeded.post(f"{BATCH}/update", {"inputs": inputs})
    assert (got.status, [row["id"] for row in got.body["results"]]) == (207, ["101"])


def test_upsert_makes_or_changes(seeded):
    """An upsert by email says of each record whether it is new; idProperty is required."""
    inputs = [
        {"id": "p1@firm.example", "idProperty": "email", "properties": {"jobtitle": "A"}},
        {"id": "new@x.example", "idProperty": "email", "properties": {"jobtitle": "B"}},
    ]
    got = seeded.post(f"{BATCH}/upsert", {"inputs": inputs})
    assert got.status == 200
    told = {row["new"]: row["properties"]["email"] for row in got.body["results"]}
    assert told == {False: "p1@firm.example", True: "new@x.example"}
    bare = [{"id": "p1@firm.example", "properties": {}}]
    assert seeded.post(f"{BATCH}/upsert", {"inputs": bare}).status == 400


def test_batch_read(seeded):
    """A read gives properties and histories; ids that are missing make it a 207."""
    body = {
        "inputs": [{"id": "101"}, {"id": "9"}],
        "properties": ["email"],
        "propertiesWithHistory": ["lifecyclestage"],
    }
    got = seeded.post(f"{BATCH}/read", body)
    assert (got.status, got.body["errors"][0]["context"]) == (207, {"ids": ["9"]})
    row = got.body["results"][0]
    assert row["properties"]["email"] == "p1@firm.example"
    assert [v["value"] for v in row["propertiesWithHistory"]["lifecyclestage"]] == ["lead"]
    body["inputs"] = [{"id": str(n)} for n in range(101, 152)]
    assert seeded.post(f"{BATCH}/read", body).status == 400


def test_batch_archive(seeded):
    """Archived records are gone from the list; ids gone already are no error."""
    body = {"inputs": [{"id": "101"}, {"id": "9"}]}
    assert seeded.post(f"{BATCH}/archive", body).status == 204
    assert seeded.sim.state()["archived"]["contacts"] == 1


def test_shuffling_follows_from_the_seed():
    """Two accounts of the same seed shuffle alike."""
    first, second = (HubSpotSim(seed=5).portal.random.random() for _ in range(2))
    assert first == second


@pytest.mark.parametrize("raw", [{"inputs": "x"}, {"inputs": ["x"]}, {}])
def test_malformed_inputs(hs, raw):
    """Inputs that are no list of objects are 400."""
    assert hs.post(f"{BATCH}/update", raw).status == 400
