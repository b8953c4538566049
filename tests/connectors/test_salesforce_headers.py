"""What the headers of a write bring about in the simulated org."""

from __future__ import annotations

from typing import Any

from stagesync.connector import Write


def _open_leads(bench: Any) -> list[dict[str, Any]]:
    return [each for each in bench.rows("Lead").values() if not each["IsConverted"]]


def test_a_rule_that_alerts_people_to_duplicates_refuses_no_write(bench: Any) -> None:
    """A second lead may get an address that another one has: the alert is answered beforehand."""
    taken = next(each["Email"] for each in _open_leads(bench) if each.get("Email"))
    other = next(each["Id"] for each in _open_leads(bench) if each.get("Email") != taken)
    assert bench.sim.switches.duplicate_rule
    (result,) = bench.connector.write([Write("lead", other, {"Email": taken})])
    assert (None, taken) == (result.refusal, bench.rows("Lead")[other]["Email"])


def test_change_events_can_tell_our_writes(bench: Any) -> None:
    """Where an org passes the client's name on, a single request and a composite one both bear it."""
    bench.sim.switches.collections_pass_client = True
    ids = [each["Id"] for each in _open_leads(bench)][:210]
    writes = [Write("lead", each, {"Title": "Chief"}) for each in ids]
    bench.connector.write(writes[:1])
    bench.connector.write(writes[1:])
    changes = bench.connector._transport._http.get(f"{bench.url}/_sandbox/changes").json()
    origins = {each["ChangeEventHeader"]["changeOrigin"] for each in changes}
    assert {"com/salesforce/api/rest/64.0;client=stagesync"} == origins
