"""Stages that go back: emptied by one batch, set by the next."""

import time

import pytest

from stagesync.connector import CredentialsRefused, Refusal, Unavailable, Write

from .hubspot_account import account, small_account

STAGE = "lifecyclestage"


@pytest.fixture
def crm():
    with account(**small_account(time.time())) as opened:
        opened.edit("contacts", range(1, 231), lifecyclestage="customer")
        yield opened


def back(ids, stage="lead", **more):
    return [Write("contact", str(n), {STAGE: stage, **more}, clear=(STAGE,)) for n in ids]


def held(crm, contact="1", name=STAGE):
    return crm.stored("contacts")[contact].get(name)


def versions(crm, contact, name=STAGE):
    """The values that a property held, newest first."""
    live = crm.sim.portal.stores["contacts"].live()
    (record,) = (one for one in live if one.id == int(contact))
    return [one.value for one in record.history[name]]


@pytest.mark.parametrize("forward_only", [True, False])
def test_cleared_stage_goes_back(crm, forward_only):
    """Cleared and set the stage stands lower, whether HubSpot refuses a plain move or takes it."""
    crm.sim.switches.update({"stage_forward_only": forward_only})
    (result,) = crm.connect().write(back([1]))
    assert (None, {STAGE: "lead"}, "lead", ["lead", "", "customer"]) == (
        result.refusal,
        result.now,
        held(crm),
        versions(crm, "1")[:3],
    )


def test_plain_move_back_is_told_where_it_is_refused(crm):
    """Without the clear a lower stage is refused in silence every time, and told every time."""
    connector = crm.connect()
    results = [connector.write([Write("contact", "1", {STAGE: "lead"})])[0] for _ in range(3)]
    assert ([Refusal.NOT_FORWARD] * 3, "customer") == ([r.refusal for r in results], held(crm))


def test_batches_hold_no_id_twice(crm):
    """230 backward moves are three pairs of batches, in which nothing is sent twice."""
    connector = crm.connect(in_flight=1)
    results = connector.write(back(range(1, 231), phone="1"))
    sizes = [records for path, records in crm.paths() if path == "update"]
    assert (6, [100, 100, 100, 100, 30, 30], {None}) == (
        connector.calls,
        sizes,
        {one.refusal for one in results},
    )
    assert {"lead"} == {one[STAGE] for one in crm.stored("contacts").values()}
    assert ["1"] == versions(crm, "7", "phone")


def test_only_who_goes_back_is_cleared(crm):
    """Beside those that go back others are written once, and keep their stage."""
    connector = crm.connect()
    connector.write([*back([1]), Write("contact", "2", {"phone": "1"})])
    assert (2, "lead", "customer", "1") == (
        connector.calls,
        held(crm, "1"),
        held(crm, "2"),
        held(crm, "2", "phone"),
    )


def test_refused_value_after_the_clear_shows_the_empty_field(crm):
    """A stage that the account does not offer is found out after the clear, and told with what stands."""
    (result,) = crm.connect().write(back([1], "no-such-stage"))
    assert (Refusal.INVALID, None, None) == (result.refusal, result.now[STAGE], held(crm))


def test_gone_record_is_told_once(crm):
    """A record that is gone is refused by the clear, and not sent a second time."""
    crm.sim.delete({"object": "contact", "id": "2"})
    connector = crm.connect()
    results = connector.write(back([1, 2, 3]))
    assert ([None, Refusal.GONE, None], 2) == ([r.refusal for r in results], connector.calls)


def test_field_that_cannot_be_emptied_leaves_the_rest_written(crm):
    """What does not let itself be cleared is told alone; the other values are written."""
    values = {"hs_email_open": "1", "email": "new@x.example"}
    (result,) = crm.connect().write([Write("contact", "1", values, clear=("hs_email_open",))])
    assert (Refusal.FORBIDDEN, ("hs_email_open",), "new@x.example") == (
        result.refusal,
        result.fields,
        held(crm, name="email"),
    )


def test_field_to_be_emptied_is_emptied_once(crm):
    """A write that is to end empty needs no clear before."""
    connector = crm.connect()
    (result,) = connector.write(back([1], None))
    assert (None, 1, None) == (result.refusal, connector.calls, held(crm))


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
@pytest.mark.parametrize("after", [0, 1])
def test_lost_answer_is_sent_again(crm, kind, after):
    """A connection cut at either request, before or after HubSpot took it, is tried again."""
    crm.sim.faults.add(kind, 1, "batch/update", after=after)
    connector = crm.connect()
    (result,) = connector.write(back([1]))
    assert (None, "lead", 3) == (result.refusal, held(crm), connector.calls)


@pytest.mark.parametrize(
    ("kind", "after", "stands"),
    [
        ("cut_before", 0, "customer"),
        ("cut_after", 0, None),
        ("cut_before", 1, None),
        ("cut_after", 1, "lead"),
    ],
)
def test_break_between_is_healed_by_sending_again(crm, kind, after, stands):
    """Whatever is cut for good, no result claims anything, and the same write once more ends it."""
    crm.sim.faults.add(kind, 5, "batch/update", after=after)
    connector = crm.connect()
    with pytest.raises(Unavailable) as broken:
        connector.write(back([1]))
    assert ([], stands) == (list(broken.value.results), held(crm))
    (result,) = connector.write(back([1]))
    assert (None, "lead") == (result.refusal, held(crm))


def test_other_lanes_finish_their_pair(crm):
    """When one lane cannot go on the others still set what they have emptied."""
    connector = crm.connect(in_flight=3)
    crm.sim.faults.add("expired_token", 1, "companies/batch/update")
    company = Write("company", "1001", {"name": "Firm"})
    with pytest.raises(CredentialsRefused) as broken:
        connector.write([company, *back(range(1, 101)), *back(range(101, 201))])
    empty = [each for each in crm.stored("contacts").values() if each.get(STAGE) is None]
    moved = [each for each in crm.stored("contacts").values() if each.get(STAGE) == "lead"]
    assert ([], len(broken.value.results)) == (empty, len(moved))
