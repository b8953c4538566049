"""python -m tests.fuzz.record      writes what the simulators answer to each act, for the fuzzer to alter.

Run it when the acts or the simulators change; the files in `answers` are small and belong to the repository.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.fuzz import acts

from sandbox_clock import SandboxClock
from stagesync.connector import CrmError, Secret
from stagesync.sandbox import Sandbox, start
from stagesync_hubspot import connect
from stagesync_salesforce.connector import SalesforceConnector
from stagesync_salesforce.options import read_options

ANSWERS = Path(__file__).with_name("answers")
LARGEST = 700
"""Characters of an answer; a longer one has its lists cut."""


def main() -> None:
    """Records both vendors."""
    with start(contacts=6, seed=3) as sandbox:
        for vendor, told in (("hubspot", _hubspot(sandbox)), ("salesforce", _salesforce(sandbox))):
            text = json.dumps(told, sort_keys=True, ensure_ascii=True)
            (ANSWERS / f"{vendor}.json").write_text(text + "\n")


def _hubspot(sandbox: Sandbox) -> dict[str, list[Any]]:
    found = {}
    told = sandbox.credentials()["hubspot"]
    for name, act in acts.HUBSPOT.items():
        options = {"token": Secret(told["token"]), "url": told["url"], "in_flight": 1}
        connector: Any = connect("hs", options, clock=SandboxClock(sandbox.hubspot.clock))
        heard: list[Any] = []
        pool = connector._transport.client.rest_client.pool_manager
        asked = pool.request

        def request(*args: Any, _asked: Any = asked, _heard: Any = heard, **how: Any) -> Any:
            answer = _asked(*args, **how)
            _heard.append([answer.status, json.loads(answer.data or b"{}")])
            return answer

        pool.request = request
        found[name] = _played(act, connector, heard)
    return found


def _salesforce(sandbox: Sandbox) -> dict[str, list[Any]]:
    found = {}
    told = sandbox.credentials()["salesforce"]
    login = {"id": told["client_id"], "secret": Secret(told["client_secret"])}
    for name, act in acts.SALESFORCE.items():
        options = read_options({"url": told["url"], "auth": {"client_credentials": login}})
        clock = SandboxClock(sandbox.salesforce.clock)
        connector = SalesforceConnector("sf", options, clock=clock)
        heard: list[Any] = []

        def hear(answer: Any, _heard: Any = heard, **_: Any) -> None:
            _heard.append([answer.status_code, json.loads(answer.content or b"{}")])

        connector._transport._http.hooks["response"].append(hear)
        found[name] = _played(act, connector, heard)
    return found


def _played(act: acts.Act, connector: Any, heard: list[Any]) -> list[Any]:
    try:
        act(connector, lambda: None)
    except CrmError:
        # Such as for made-up ids: what was answered is what counts.
        pass
    finally:
        connector.close()
    return [_cut(each) for each in heard[:6]]


def _cut(value: Any) -> Any:
    """With long lists cut to their first two: every kind of value stays."""
    if isinstance(value, list):
        long = len(json.dumps(value)) > LARGEST
        return [_cut(each) for each in (value[:2] if long and len(value) > 2 else value)]
    if isinstance(value, dict):
        return {key: _cut(each) for key, each in value.items()}
    return value


if __name__ == "__main__":
    main()
