"""A new connection is observed first: nothing is written until somebody approved the first plan."""

from __future__ import annotations

from .deployments import set_up


def test_nothing_is_written_before_the_approval(make_world):
    """`sync` exits 3 without a single write, `plan` shows what waits, `approve` lets it through, `sync` writes it."""
    world = make_world(contacts=40, mode="observe")
    ask, place = world.vendors, world.place
    set_up(place)
    ask.forget_log()

    ran = place.run("sync", "--json")
    assert (3, {"hubspot": 0, "salesforce": 0}) == (ran.code, ran.json["written"])
    assert ran.json["held"] > 0
    assert f"hint: stagesync plan shows them, stagesync approve {ran.json['plan']}" in ran.err

    shown = place.run("plan", "--json")
    assert (0, ran.json["plan"]) == (shown.code, shown.json["plan"])
    assert ran.json["held"] == len(shown.json["writes"]) == shown.json["held"]
    keys = {"connection", "object", "id", "person", "field", "before", "after", "because"}
    assert all(keys <= each.keys() for each in shown.json["writes"])
    assert ([], []) == (ask.writes("hubspot"), ask.writes("salesforce"))

    assert 0 == place.run("approve", ran.json["plan"]).code
    assert ([], []) == (ask.writes("hubspot"), ask.writes("salesforce"))

    done = place.run("sync", "--json")
    assert (0, 0) == (done.code, done.json["held"])
    assert len(shown.json["writes"]) == sum(done.json["written"].values())
    assert {"active"} == {
        each["mode"] for each in place.run("status", "--json").json["connections"]
    }

    ask.settle()
    contacts = ask.hubspot("contacts", ["stagesync_stage"])
    planned = {
        each["id"]: each["after"]
        for each in shown.json["writes"]
        if each["field"] == "stagesync_stage" and each["object"] == "contact"
    }
    assert planned == {id_: one["stagesync_stage"] for id_, one in contacts.items()}


def test_a_plan_tells_its_calls_and_stays_to_be_looked_at(make_world):
    """The write requests that a plan tells are those that both CRMs then get; it is listed, shown and compared."""
    world = make_world(contacts=40, mode="observe")
    ask, place = world.vendors, world.place
    set_up(place)
    shown = place.run("plan", "--json").json
    same = place.run("plan", "--diff", shown["plan"], "--json").json
    assert ([], [], [], len(shown["writes"])) == (
        same["added"],
        same["gone"],
        same["changed"],
        same["same"],
    )
    approved = place.run("approve", shown["plan"], "--json").json
    ask.forget_log()
    assert 0 == place.run("sync").code
    assert {n: each["writes"] for n, each in shown["cost"].items()} == {
        name: len(ask.writes(name)) for name in ("hubspot", "salesforce")
    }
    (listed,) = place.run("plan", "--list", "--json").json["plans"]
    assert (shown["plan"], "approved", len(shown["writes"])) == (
        listed["plan"],
        listed["state"],
        listed["values"],
    )
    assert approved["approved_until"] > listed["decided_at"]
    kept = place.run("plan", shown["plan"], "--json").json
    assert [{**each, "because": []} for each in shown["writes"]] == kept["writes"]
    assert shown["plan"] in place.run("plan", "--list").out
    assert (
        "0 added, 0 gone, 0 changed"
        in place.run("plan", shown["plan"], "--diff", shown["plan"]).out
    )
    assert 2 == place.run("plan", "pl_none").code


def test_a_dropped_plan_is_not_written(make_world):
    """After `drop` the next run writes nothing: the connections stay observed."""
    world = make_world(contacts=20, mode="observe")
    set_up(world.place)
    plan = world.place.run("sync", "--json").json["plan"]
    assert 0 == world.place.run("drop", plan).code
    ran = world.place.run("sync", "--json")
    assert {"hubspot": 0, "salesforce": 0} == ran.json["written"]
    assert 2 == world.place.run("approve", plan).code


def test_sync_approves_and_writes_in_one_command(make_world):
    """`sync --approve PLAN` writes what that plan held."""
    world = make_world(contacts=20, mode="observe")
    set_up(world.place)
    held = world.place.run("sync", "--json").json
    ran = world.place.run("sync", "--approve", held["plan"], "--json")
    assert (0, held["held"]) == (ran.code, sum(ran.json["written"].values()))


def test_each_planned_value_names_its_reasons(make_world):
    """The plan gives the lines that explain each value, of people and of accounts, and counts both apart."""
    world = make_world(contacts=20, mode="observe")
    set_up(world.place)
    plan = world.place.run("plan", "--json").json
    for object_name in ("contact", "company"):
        lines = [each["because"] for each in plan["writes"] if each["object"] == object_name]
        assert any(lines)
    people = {each["person"] for each in plan["writes"] if each["person"].startswith("p_")}
    accounts = {each["person"] for each in plan["writes"] if each["person"].startswith("a_")}
    moved = {
        kind: sum(sum(to.values()) for to in plan["counts"][kind].values())
        for kind in ("stages", "accounts")
    }
    assert {"stages": len(people), "accounts": len(accounts)} == moved


def test_vendor_fields_are_left_alone_unless_asked_for(make_world):
    """With `vendor_stage: off` a pass writes our own fields and leaves every vendor field as it was."""

    def vendor_fields():
        contacts = world.vendors.hubspot("contacts", ["lifecyclestage", "hs_lead_status"])
        return (
            {i: (one["lifecyclestage"], one["hs_lead_status"]) for i, one in contacts.items()},
            {i: one["Status"] for i, one in ask("SELECT Id, Status FROM Lead").items()},
            {i: one["Type"] for i, one in ask("SELECT Id, Type FROM Account").items()},
        )

    world = make_world(contacts=40, vendor_stage="off")
    ask = world.vendors.salesforce
    set_up(world.place)
    before = vendor_fields()
    assert 0 == world.place.run("sync").code
    world.vendors.settle()
    assert before == vendor_fields()
    assert all(
        one["stagesync_stage"]
        for one in world.vendors.hubspot("contacts", ["stagesync_stage"]).values()
    )
