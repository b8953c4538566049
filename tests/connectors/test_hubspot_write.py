"""Writing to a HubSpot account, one answer per record."""

import time

import pytest

from stagesync.connector import CredentialsRefused, Refusal, Unavailable, Write
from stagesync_hubspot.lanes import lanes

from .hubspot_account import MONTH_S, account, rows, small_account


@pytest.fixture
def crm():
    with account(**small_account(time.time())) as opened:
        yield opened


def status(ids, value="NEW", **more):
    return [Write("contact", str(n), {"hs_lead_status": value, **more}) for n in ids]


def outcome(results):
    return {one.write.id: one.refusal for one in results if one.refusal}


def test_values_arrive_in_batches_of_a_hundred(crm):
    """230 contacts cost three calls, each result in its place, and the account holds the values."""
    connector = crm.connect()
    writes = status(range(1, 231))
    results = connector.write(writes)
    held = {one["hs_lead_status"] for one in crm.stored("contacts").values()}
    assert (3, writes, {None}, {"NEW"}) == (
        connector.calls,
        [one.write for one in results],
        {one.refusal for one in results},
        held,
    )


def test_values_are_written_as_hubspot_spells_them(crm):
    """A number, a truth and an empty value become text."""
    crm.define("contacts", "n", kind="number", widget="number")
    crm.define("contacts", "b", kind="bool", widget="booleancheckbox", options=("true", "false"))
    crm.connect().write([Write("contact", "1", {"n": 12.0, "b": True, "email": None})])
    held = crm.stored("contacts")["1"]
    assert ("12", "true", None) == (held["n"], held["b"], held.get("email") or None)


def test_backward_stage_is_told_though_hubspot_is_silent(crm):
    """A lower lifecycle stage is answered with success and not stored: the result says so."""
    connector = crm.connect()
    connector.write([Write("contact", "1", {"lifecyclestage": "customer"})])
    (result,) = connector.write([Write("contact", "1", {"lifecyclestage": "lead"})])
    assert (Refusal.NOT_FORWARD, ("lifecyclestage",), {"lifecyclestage": "customer"}) == (
        result.refusal,
        result.fields,
        result.now,
    )


def test_forward_stage_is_taken_and_echoed(crm):
    """A higher stage is stored, and `now` shows it."""
    (result,) = crm.connect().write([Write("company", "1001", {"lifecyclestage": "opportunity"})])
    held = crm.stored("companies")["1001"]["lifecyclestage"]
    assert (None, {"lifecyclestage": "opportunity"}, "opportunity") == (
        result.refusal,
        result.now,
        held,
    )


@pytest.mark.parametrize("place", [0, 37, 62, 99])
def test_one_bad_value_among_a_hundred_leaves_the_others_written(crm, place):
    """HubSpot refuses the batch and names nobody; halving finds the one and writes 99."""
    connector = crm.connect()
    writes = [*status(range(1, 101))]
    writes[place] = Write("contact", str(place + 1), {"hs_lead_status": "HOWDY"})
    results = connector.write(writes)
    written = [key for key, one in crm.stored("contacts").items() if one.get("hs_lead_status")]
    bad = results[place]
    assert ({str(place + 1): Refusal.INVALID}, 99, "INVALID_OPTION", ("hs_lead_status",)) == (
        outcome(results),
        len(written),
        bad.code,
        bad.fields,
    )
    assert "HOWDY" in bad.message
    assert connector.calls <= 15


def test_the_same_bad_value_on_all_is_proven_once(crm):
    """A hundred records with one wrong option cost the halving of one, not two hundred calls."""
    connector = crm.connect()
    results = connector.write(status(range(1, 101), "HOWDY"))
    assert ({Refusal.INVALID}, True) == (
        {one.refusal for one in results},
        connector.calls <= 8,
    )


@pytest.mark.parametrize(
    ("name", "code", "kind"),
    [
        ("no_such_thing", "PROPERTY_DOESNT_EXIST", Refusal.INVALID),
        ("hs_email_open", "READ_ONLY_VALUE", Refusal.FORBIDDEN),
    ],
)
def test_property_that_nobody_may_set_needs_no_halving(crm, name, code, kind):
    """Those who carry it are refused at once, the others are written by the second call."""
    connector = crm.connect()
    writes = [*status(range(1, 51)), *status(range(51, 101), **{name: "1"})]
    results = connector.write(writes)
    refused = {(one.refusal, one.code) for one in results[50:]}
    assert (2, {None}, {(kind, code)}) == (
        connector.calls,
        {one.refusal for one in results[:50]},
        refused,
    )


def test_archived_record_is_gone_and_the_others_are_written(crm):
    """A 207 tells the missing id; everybody else is written."""
    crm.sim.delete({"object": "contact", "id": "2"})
    connector = crm.connect()
    results = connector.write(status([1, 2, 3, 999_999]))
    expected = {"2": Refusal.GONE, "999999": Refusal.GONE}
    assert (expected, 1) == (outcome(results), connector.calls)


def test_record_merged_away_is_gone(crm):
    """A write to an id that is answered under another one counts as gone, in plain words."""
    crm.sim.merge({"object": "contact", "primary_id": "1", "merged_id": "2"})
    results = crm.connect().write(status([1, 3]))
    assert ({"1": Refusal.GONE}, "MERGED") == (outcome(results), results[0].code)


def test_record_twice_in_one_call_is_refused_before_anything_is_sent(crm):
    """HubSpot would refuse the whole batch for it."""
    connector = crm.connect()
    with pytest.raises(ValueError, match="contact 1 appears twice"):
        connector.write([*status([1, 2]), *status([1], "OPEN")])
    assert 0 == connector.calls


def test_record_twice_by_merged_ids_is_sorted_out_by_halving(crm):
    """Two old ids of one record in a batch do not keep the others from being written."""
    crm.sim.merge({"object": "contact", "primary_id": "1", "merged_id": "2"})
    results = crm.connect().write(status([1, 2, 3]))
    assert None is results[2].refusal


def test_lost_answer_is_sent_again(crm):
    """A connection cut after the values were stored is tried again, and nothing is wrong by it."""
    crm.sim.faults.add("cut_after", 1, "batch/update")
    connector = crm.connect()
    results = connector.write(status(range(1, 51)))
    assert (2, {None}) == (connector.calls, {one.refusal for one in results})


def test_what_was_written_before_a_break_is_in_the_error(crm):
    """When a later batch cannot be sent, the results of the earlier ones come with the error."""
    connector = crm.connect(in_flight=1)
    one, two = status(range(1, 101)), status(range(101, 201))
    crm.sim.faults.add("expired_token", 1, "companies/batch/update")
    company = Write("company", "1001", {"lifecyclestage": "opportunity"})
    with pytest.raises(CredentialsRefused) as broken:
        connector.write([*one, company, *two])
    assert [*one, *two] == [result.write for result in broken.value.results]


def test_service_that_stays_down_is_unavailable_after_five_tries(crm):
    """A fault that does not pass ends the write, and says when to come back."""
    crm.sim.faults.add("502", 5, "batch/update")
    connector = crm.connect()
    with pytest.raises(Unavailable) as down:
        connector.write(status([1]))
    assert (5, [], 1.0) == (connector.calls, down.value.results, down.value.retry_after_s)


def test_records_that_belong_together_are_never_in_two_requests_at_a_time():
    """Writes of one group share a request, or one lane when they are too many for that."""
    loose = [Write("contact", str(n), {}) for n in range(90)]
    group = [Write("contact", f"g{n}", {}, together="acc") for n in range(30)]
    large = [Write("contact", f"h{n}", {}, together="big") for n in range(250)]
    assert [90, 30, 250] == [len(lane) for lane in lanes([*loose, *group, *large])]


def test_rule_of_an_admin_refuses_only_the_record_it_is_about(crm):
    """API version 2026-09 enforces conditional properties; who meets the rule is written."""
    crm.edit("contact", range(2, 51), phone="+33 1 23 45 67 89")
    crm.sim.switches.update({"required_when": {"contacts": {"hs_lead_status": ["phone"]}}})
    results = crm.connect(api_version="2026-09").write(status(range(1, 51)))
    expected = ({"1": Refusal.INVALID}, "MISSING_CONDITIONAL_REQUIRED_PROPERTY")
    assert expected == (outcome(results), results[0].code)


def test_large_write_goes_through_a_few_connections():
    """A thousand records are written completely by four requests at a time."""
    at = time.time() - MONTH_S
    with account(contacts=rows(1000, at=at, email="p{n}@x.example")) as crm:
        connector = crm.connect()
        results = connector.write(status(range(1, 1001)))
        held = {one["hs_lead_status"] for one in crm.stored("contacts").values()}
        assert (10, 1000, {"NEW"}) == (connector.calls, len(results), held)
