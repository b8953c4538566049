"""HubSpot: search, its lag and its limits."""

from time import perf_counter

import pytest

from stagesync.sandbox.seeds import HubSpotRecord, HubSpotSeed

LATEST = 1_794_913_200_000  # the modified date of contact 150, in milliseconds
DESCENDING = [{"propertyName": "lastmodifieddate", "direction": "DESCENDING"}]


def _where(name, operator, **more):
    return [{"filters": [{"propertyName": name, "operator": operator, **more}]}]


def _found(hs, groups, **more):
    hs.switch(limits_on=False)
    got = hs.search(filterGroups=groups, limit=200, **more)
    assert got.status == 200, got.body
    return [int(row["id"]) for row in got.body["results"]]


@pytest.mark.parametrize(
    ("operator", "more", "expected"),
    [
        ("GTE", {"value": str(LATEST)}, [150]),
        ("GT", {"value": LATEST - 60_000}, [150]),
        ("GTE", {"value": "2026-11-17T10:59:00Z"}, [149, 150]),
        ("LTE", {"value": str(LATEST - 48 * 60_000)}, [101, 102]),
        ("LT", {"value": str(LATEST - 48 * 60_000)}, [101]),
        ("EQ", {"value": str(LATEST)}, [150]),
        (
            "BETWEEN",
            {"value": str(LATEST - 120_000), "highValue": str(LATEST - 60_000)},
            [148, 149],
        ),
    ],
)
def test_modified_date_windows(seeded, operator, more, expected):
    """The modified date takes milliseconds and ISO, with the bounds each operator says."""
    assert _found(seeded, _where("lastmodifieddate", operator, **more)) == expected


@pytest.mark.parametrize(
    ("name", "operator", "more", "expected"),
    [
        ("email", "EQ", {"value": "P3@FIRM.example"}, [103]),
        ("email", "IN", {"values": ["p3@firm.example", "p4@firm.example"]}, [103, 104]),
        ("email", "IN", {"values": ["P3@firm.example"]}, []),
        ("firstname", "CONTAINS_TOKEN", {"value": "name4*"}, [104, *range(140, 150)]),
        ("hs_object_id", "GT", {"value": "148"}, [149, 150]),
        ("hs_object_id", "LTE", {"value": 102}, [101, 102]),
        ("lifecyclestage", "EQ", {"value": "Lead"}, []),
        ("phone", "HAS_PROPERTY", {}, [105]),
        ("phone", "NEQ", {"value": "1"}, [105]),
        ("associations.company", "EQ", {"value": "900"}, [101, 102]),
        ("associatedcompanyid", "EQ", {"value": "900"}, [101, 102]),
        ("createdate", "GT", {"value": "2026-11-16T12:00:00Z"}, []),
    ],
)
def test_operators(seeded, name, operator, more, expected):
    """Text EQ ignores case, IN wants lower case, choices are exact, a negation needs a value."""
    seeded.sim.edit("contacts", "105", properties={"phone": "7"}, actor="human")
    seeded.sim.clock.advance(2)
    assert _found(seeded, _where(name, operator, **more)) == expected


def test_filters_are_anded_and_groups_ored(seeded):
    """Filters in a group all hold; a record of any group is found once."""
    both = [
        {"filters": [_where("hs_object_id", o, value=v)[0]["filters"][0] for o, v in pairs]}
        for pairs in ([("GT", "101"), ("LT", "104")], [("GT", "102"), ("LT", "105")])
    ]
    assert _found(seeded, both) == [102, 103, 104]


def test_sorting_and_paging_by_offset(seeded):
    """`after` is an offset; total is always the whole."""
    got = seeded.search(sorts=DESCENDING, limit=2, after="3").body
    assert [row["id"] for row in got["results"]] == ["147", "146"]
    assert (got["total"], got["paging"]) == (50, {"next": {"after": "5"}})
    last = seeded.search(limit=20, after="40").body
    assert (len(last["results"]), "paging" in last) == (10, False)


def test_disorder_is_a_switch(seeded):
    """With the switch on, results are complete and out of order."""
    seeded.switch(search_disorder_s=300.0)
    up = [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}]
    found = _found(seeded, [], sorts=up)
    assert found != sorted(found)
    assert sorted(found) == list(range(101, 151))


def test_new_record_is_found_after_ten_seconds(hs):
    """Search finds a new record only when the index has caught up; GET has it at once."""
    record_id = hs.make(email="a@b.example")
    mail = _where("email", "EQ", value="a@b.example")
    assert hs.get(f"/crm/v3/objects/contacts/{record_id}").status == 200
    hs.sim.clock.advance(9.9)
    assert hs.search(filterGroups=mail).body["total"] == 0
    hs.sim.clock.advance(0.2)
    assert hs.search(filterGroups=mail).body["total"] == 1


def test_change_is_seen_after_two_seconds(seeded):
    """Until then search answers the old values and the old date."""
    seeded.sim.edit("contacts", "101", properties={"firstname": "New"}, actor="human")
    mail = _where("email", "EQ", value="p1@firm.example")

    def seen():
        return seeded.search(filterGroups=mail).body["results"][0]

    assert seen()["properties"]["firstname"] == "Name1"
    assert seen()["updatedAt"] == "2026-11-17T10:11:00Z"
    seeded.sim.clock.advance(2)
    assert seen()["properties"]["firstname"] == "New"
    assert seen()["updatedAt"] == "2026-11-17T12:00:00Z"


def test_lag_is_a_switch(hs):
    """Without lag a new record is found at once."""
    hs.switch(index_lag_create_s=0.0)
    hs.make(email="a@b.example")
    assert hs.search().body["total"] == 1


def test_archived_never_appear(seeded):
    """An archived record leaves search at once, a change on its way included."""
    seeded.sim.edit("contacts", "101", properties={"firstname": "New"}, actor="human")
    seeded.sim.delete({"object": "contacts", "id": "101"})
    seeded.sim.clock.advance(60)
    assert seeded.search().body["total"] == 49


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": "10"},
        {"after": "abc"},
        {"after": "200000000123"},
        {"limit": 100, "after": "9901"},
        {"properties": ["x" * 3000]},
        {"filterGroups": [{"filters": []}] * 6},
        {"filterGroups": _where("email", "EQ", value="a") * 6},
        {"filterGroups": [{"filters": _where("email", "EQ", value="a")[0]["filters"] * 7}]},
        {"filterGroups": [{"filters": _where("email", "EQ", value="a")[0]["filters"] * 5}] * 4},
        {"filterGroups": _where("nonsense", "EQ", value="a")},
        {"filterGroups": _where("email", "LIKE", value="a")},
        {"filterGroups": [{"filters": "email"}]},
        {"filterGroups": [{"filters": ["email"]}]},
        {"filterGroups": "email"},
        {"filterGroups": _where("email", "EQ")},
        {"filterGroups": _where("email", "IN")},
        {"filterGroups": _where("lastmodifieddate", "GT", value="soon")},
        {"filterGroups": _where("hs_object_id", "GT", value="abc")},
        {"sorts": DESCENDING * 2},
        {"sorts": [{"propertyName": "nonsense"}]},
    ],
)
def test_limits_and_bad_requests(seeded, body):
    """Each limit of search and each malformed part is 400 VALIDATION_ERROR."""
    got = seeded.search(**body)
    assert (got.status, got.body["category"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 200},
        {"limit": 100, "after": "9900"},
        {"filterGroups": [{"filters": _where("email", "EQ", value="a")[0]["filters"] * 6}] * 3},
        {"filterGroups": _where("email", "EQ", value="a") * 5},
    ],
)
def test_just_within_the_limits(seeded, body):
    """The last allowed value of each limit is answered."""
    assert seeded.search(**body).status == 200


def test_body_of_exactly_three_thousand_characters(seeded):
    """3,000 characters are allowed, one more is not."""
    frame = len('{"query":""}')
    assert seeded.search(query="é" * ((3000 - frame) // 6)).status == 200
    assert seeded.search(query="x" * (3000 - frame)).status == 200
    assert seeded.search(query="x" * (3001 - frame)).status == 400


def test_from_the_epoch_is_500(seeded):
    """A window from the epoch itself breaks the search; a second later it does not."""
    assert seeded.search(filterGroups=_where("lastmodifieddate", "GTE", value="0")).status == 500
    assert seeded.search(filterGroups=_where("lastmodifieddate", "GTE", value="1000")).status == 200


def test_ten_thousand_cap(hs):
    """The page that ends at 10,000 is answered and still offers a next one, which is refused."""
    rows = [HubSpotRecord(str(n), 1e9, 1e9, {"email": f"p{n}@x.example"}) for n in range(1, 10_102)]
    hs.sim.load(HubSpotSeed({"contacts": rows}))
    got = hs.search(limit=200, after="9800").body
    assert (got["total"], got["paging"]["next"]["after"]) == (10_101, "10000")
    assert hs.search(limit=200, after="10000").status == 400


def test_search_by_time_is_quick(hs):
    """A window on the modified date among 25,000 records is answered within a blink."""
    rows = [
        HubSpotRecord(str(n), 1e9, 1e9 + n, {"email": f"p{n}@x.example"}) for n in range(1, 25_001)
    ]
    hs.sim.load(HubSpotSeed({"contacts": rows}))
    window = _where("lastmodifieddate", "GTE", value=str(int((1e9 + 12_500) * 1000)))
    times = []
    for _ in range(5):
        started = perf_counter()
        assert hs.search(filterGroups=window, limit=200).body["total"] == 12_501
        times.append(perf_counter() - started)
    assert min(times) < 0.2
