"""What a run asks of a connector, one act each: the vendor's every kind of answer is read by one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from stagesync.connector import FieldType, OwnField, Page, Pull, Write

Act = Callable[[Any, Callable[[], None]], object]
"""Takes a connector, and what is to be called for every page that came."""

MOST_PAGES = 12
NAMES = {
    "hubspot": ("email", "firstname", "lifecyclestage", "hs_lead_status"),
    "salesforce": ("Email", "Title", "Account.Name", "CreatedDate"),
}
STAGES = (("lead", "Lead"), ("won", "Won"))


def _pull(object_name: str, *fields: str, cursor: str | None = None, described: bool = True) -> Act:
    def act(connector: Any, page_came: Callable[[], None]) -> object:
        if described:
            connector.describe([object_name])
        found = []
        pages: Iterable[Page] = connector.pull([Pull(object_name, fields, cursor)])
        for page in islice(pages, MOST_PAGES):
            page_came()
            found += page.records
        return [(each.id, each.changed_at_s, dict(each.fields), each.links) for each in found]

    return act


def _write(object_name: str, **values: Any) -> Act:
    def act(connector: Any, _: Callable[[], None]) -> object:
        connector.describe([object_name])
        wanted = [Write(object_name, str(each), values) for each in ("1", "2", "3")]
        results = connector.write(wanted)
        assert [each.write for each in results] == wanted, "one result per write, in their order"
        return results

    return act


def _make(suffix: str) -> Act:
    fields = [
        OwnField("contact", f"stagesync_stage{suffix}", "Stage", FieldType.CHOICE, STAGES),
        OwnField("contact", f"stagesync_score{suffix}", "Score", FieldType.NUMBER, decimals=1),
    ]

    def act(connector: Any, _: Callable[[], None]) -> object:
        steps = connector.setup(fields)
        for step in steps[:3]:
            connector.make(step)
        return steps

    return act


def _members(connector: Any, page_came: Callable[[], None]) -> object:
    found = []
    for each in islice(connector.members("contact", "Customers"), 2_000):
        page_came()
        found.append(each)
    return found


HUBSPOT_SINCE = '{"v":1,"since_ms":1780000000000,"base":40}'
HUBSPOT_SWEEP = (
    '{"v":1,"since_ms":1789999990000,"base":40,"again_ms":1780000000000,"swept_ms":1780000000000}'
)
SALESFORCE_SINCE = (
    '{"v":2,"bookmark":1780000000.0,"began":0.0,"at":null,"gone":{"bookmark":1780000000.0,"began":0.0,'
    '"at":null},"sweep_at":1780000000.0,"job":null,"persons":false,"shared":false,"renew_at":0.0,'
    '"renewing":false}'
)

HUBSPOT: Mapping[str, Act] = {
    "check": lambda c, _: c.check(),
    "describe": lambda c, _: c.describe(["contact", "deal"]),
    "first load": _pull("contact", *NAMES["hubspot"]),
    "changes": _pull("contact", *NAMES["hubspot"], cursor=HUBSPOT_SINCE),
    "sweep": _pull("contact", *NAMES["hubspot"], cursor=HUBSPOT_SWEEP),
    "deals": _pull("deal", "dealstage", "amount", "stage_is_won", described=False),
    "meetings": _pull("meeting", "hs_timestamp", described=False),
    "participations": _pull("participation", "attendanceState", "occurredAt", described=False),
    "links": lambda c, _: c.links("deal", ["1", "2"]),
    "read": lambda c, _: c.read("contact", ["1", "2"], NAMES["hubspot"]),
    "members": _members,
    "write": _write("contact", hs_lead_status="NEW", stagesync_stage="lead"),
    "history": lambda c, _: c.history("contact", ["1", "2"], ["lifecyclestage"]),
    "setup": _make(""),
    "count": lambda c, _: c.count("contact"),
}

SALESFORCE: Mapping[str, Act] = {
    "check": lambda c, _: c.check(),
    "describe": lambda c, _: c.describe(["contact", "lead"]),
    "first load": _pull("contact", *NAMES["salesforce"]),
    "changes": _pull("contact", *NAMES["salesforce"], cursor=SALESFORCE_SINCE),
    "events": _pull("event", "StartDateTime", described=False),
    "links": lambda c, _: c.links("contact", ["003000000000001AAA"]),
    "read": lambda c, _: c.read("contact", ["003000000000001AAA"], NAMES["salesforce"]),
    "write": _write("contact", Title="x"),
    "history": lambda c, _: c.history("contact", ["003000000000001AAA"], ["LeadSource"]),
    "setup": _make("__c"),
    "count": lambda c, _: c.count("contact"),
}
