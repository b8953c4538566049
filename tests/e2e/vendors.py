"""The two CRMs as their own users and programs see them: the vendors' endpoints, by `requests` alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import requests

LATE_S = 15.0
"""More than the longest lag of either simulator's index or commits."""


class Vendors:
    """Both simulators over HTTP; nothing of stagesync's is between.

    Args:
        told: what `stagesync sandbox --json` prints.
    """

    def __init__(self, told: dict[str, Any]) -> None:
        self.urls = {name: told[name]["url"] for name in ("hubspot", "salesforce")}
        self._told = told
        self._http = requests.Session()
        self._http.trust_env = False

    def hubspot(self, plural: str, properties: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Every live record of an object by id, with these properties."""
        found: dict[str, dict[str, Any]] = {}
        query = {"limit": "100", "properties": ",".join(properties)}
        headers = {"Authorization": f"Bearer {self._told['hubspot']['token']}"}
        while True:
            url = f"{self.urls['hubspot']}/crm/v3/objects/{plural}"
            page = self._http.get(url, params=query, headers=headers, timeout=30)
            page.raise_for_status()
            found |= {one["id"]: one["properties"] for one in page.json()["results"]}
            following = page.json().get("paging", {}).get("next")
            if following is None:
                return found
            query["after"] = following["after"]

    def salesforce(self, soql: str) -> dict[str, dict[str, Any]]:
        """Every row of a query by id."""
        headers = {"Authorization": f"Bearer {self._session()}"}
        path: str | None = "/services/data/v64.0/query"
        query: dict[str, str] | None = {"q": soql}
        found: dict[str, dict[str, Any]] = {}
        while path is not None:
            url = self.urls["salesforce"] + path
            page = self._http.get(url, params=query, headers=headers, timeout=30)
            page.raise_for_status()
            found |= {one["Id"]: one for one in page.json()["records"]}
            path, query = page.json().get("nextRecordsUrl"), None
        return found

    def create_in_salesforce(self, object_name: str, values: dict[str, Any]) -> str:
        """Make a record as another program would; its id."""
        answer = self._http.post(
            f"{self.urls['salesforce']}/services/data/v64.0/sobjects/{object_name}",
            json=values,
            headers={"Authorization": f"Bearer {self._session()}"},
            timeout=30,
        )
        answer.raise_for_status()
        return str(answer.json()["id"])

    def create_in_hubspot(
        self, plural: str, properties: dict[str, Any], *, of_contact: str, association: int
    ) -> str:
        """Make a record that names a contact, as another program would; its id."""
        kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": association}
        answer = self._http.post(
            f"{self.urls['hubspot']}/crm/v3/objects/{plural}",
            json={
                "properties": properties,
                "associations": [{"to": {"id": of_contact}, "types": [kind]}],
            },
            headers={"Authorization": f"Bearer {self._told['hubspot']['token']}"},
            timeout=30,
        )
        answer.raise_for_status()
        return str(answer.json()["id"])

    def _session(self) -> str:
        told = self._told["salesforce"]
        answer = self._http.post(
            f"{told['url']}/services/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(told["client_id"], told["client_secret"]),
            timeout=30,
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def ask(self, crm: str, method: str, call: str, body: Any = None) -> Any:
        """One control call of a simulator."""
        answer = self._http.request(
            method, f"{self.urls[crm]}/_sandbox/{call}", json=body, timeout=30
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def advance(self, seconds: float) -> None:
        """Move both clocks on by so much together: they are one clock, or two side by side."""
        before = {name: self.now_s(name) for name in self.urls}
        for name in self.urls:
            still = before[name] + seconds - self.now_s(name)
            if still > 1.0:
                self.ask(name, "POST", "clock", {"advance_s": still})

    def settle(self) -> None:
        """Let everything that was written become visible."""
        self.advance(LATE_S)

    def now_s(self, crm: str) -> float:
        """A simulator's time."""
        return float(self.ask(crm, "GET", "clock")["now"])

    def edit(self, crm: str, object_name: str, record_id: str, **properties: Any) -> None:
        """A person changes a record."""
        body = {"object": object_name, "id": record_id, "properties": properties, "actor": "human"}
        self.ask(crm, "POST", "edit", body)

    def fail(self, crm: str, kind: str, *, match: str = "", times: int = 1) -> None:
        """Let the next matching requests fail."""
        self.ask(crm, "POST", "faults", {"kind": kind, "times": times, "match": match})

    def faults_left(self, crm: str) -> list[Any]:
        """Ordered faults that have not struck yet."""
        return list(self.ask(crm, "GET", "faults"))

    def forget_log(self) -> None:
        """Empty both request logs."""
        for name in self.urls:
            self.ask(name, "DELETE", "log")

    def log(self, crm: str) -> list[tuple[str, str]]:
        """Method and path of each request that the vendor counts."""
        served = self.ask(crm, "GET", "log")
        return [(one["method"], one["path"]) for one in served if "/oauth2/" not in one["path"]]

    def writes(self, crm: str) -> list[tuple[str, str]]:
        """Requests that change records."""
        changing = ("/batch/update", "/batch/create", "/batch/upsert", "/composite/sobjects")
        return [
            (method, path)
            for method, path in self.log(crm)
            if method in {"PATCH", "PUT", "DELETE"} or path.endswith(changing)
        ]

    def close(self) -> None:
        """Let go of sockets."""
        self._http.close()
