"""Person accounts: one human in an account and a contact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from stagesync.connector import FieldType, OwnField, Record, Refusal, Write
from stagesync_salesforce.persons import account_field, contact_field

PullAll = Callable[..., tuple[dict[str, dict[str, Record]], dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Org:
    """An org with one person account and a firm with one contact; ids."""

    bench: Any
    firm: str
    person: str
    staff: str
    half: str


@pytest.fixture
def org(empty_bench: Any) -> Org:
    """An org with person accounts."""
    empty_bench.sim.switches.update({"person_accounts": True})
    connector = empty_bench.connector
    field = OwnField("contact", "Lifecycle_Stage__c", "Stage", FieldType.TEXT)
    for step in connector.setup([field]):
        connector.make(step)
    call = empty_bench.call

    def make(name: str, **values: str) -> str:
        return str(call("POST", f"sobjects/{name}", body=values)["id"])

    firm, person = make("Account", Name="Firm"), make("Account", LastName="Ann")
    staff = make("Contact", LastName="Staff", AccountId=firm)
    empty_bench.sim.clock.advance(10)
    half = empty_bench.rows("Account")[person]["PersonContactId"]
    return Org(empty_bench, firm, person, staff, half)


def test_companies_and_people_are_told_apart(org: Org, pull_all: PullAll) -> None:
    """The company read shows the firm alone, the contact read both humans."""
    found, _ = pull_all(org.bench.connector, {"account": (), "contact": ()})
    assert ({org.firm}, {org.staff, org.half}) == (set(found["account"]), set(found["contact"]))


def test_person_names_no_account(org: Org, pull_all: PullAll) -> None:
    """Half of a person account belongs to no company, the firm's contact does."""
    found, _ = pull_all(org.bench.connector, {"contact": ("LastName",)})
    links = {key: record.links for key, record in found["contact"].items()}
    assert {org.staff: {"account": (org.firm,)}, org.half: {}} == links


def test_stage_goes_through_the_account(org: Org, pull_all: PullAll) -> None:
    """A write to the contact reaches both halves, by a connector that never saw the contact."""
    connector = org.bench.connect()
    connector.describe(["account", "contact"])
    writes = [
        Write("contact", key, {"Lifecycle_Stage__c": "lead", "Title": "CEO"}, together=org.firm)
        for key in (org.half, org.staff)
    ]
    results = connector.write(writes)
    connector.close()
    assert [None, None] == [result.refusal for result in results]
    assert writes == [result.write for result in results]
    assert {("lead", "CEO")} == {
        (row["Lifecycle_Stage__c"], row["Title"]) for row in org.bench.rows("Contact").values()
    }
    account = org.bench.rows("Account")[org.person]
    assert ("lead", "CEO") == (account["Lifecycle_Stage__pc"], account["PersonTitle"])


def test_refusal_names_the_contacts_field(org: Org, pull_all: PullAll) -> None:
    """What the account refuses is told of the contact and by the contact's names."""
    rule = {"object": "Account", "field": "PersonTitle", "equals": "no", "message": "Not this."}
    org.bench.sim.switches.update({"validation_rules": [rule | {"fields": ["PersonTitle"]}]})
    pull_all(org.bench.connector, {"contact": ()})
    write = Write("contact", org.half, {"Title": "no", "Lifecycle_Stage__c": "lead"})
    [result] = org.bench.connector.write([write])
    assert (write, Refusal.INVALID, ("Title",), "Not this.") == (
        result.write,
        result.refusal,
        result.fields,
        result.message,
    )


def test_deleted_person_is_gone_as_a_contact(org: Org, pull_all: PullAll) -> None:
    """Deleting the account ends the contact, and no company is told gone."""
    asked: dict[str, tuple[str, ...]] = {"account": (), "contact": ()}
    _, cursors = pull_all(org.bench.connector, asked)
    org.bench.sim.delete({"object": "Account", "id": org.person})
    org.bench.sim.clock.advance(3_700)
    found, _ = pull_all(org.bench.connector, asked, **cursors)
    gone = {key for records in found.values() for key, record in records.items() if record.gone}
    assert {org.half} == gone


def test_counts_leave_persons_out_of_companies(org: Org) -> None:
    """One company and two people are counted."""
    counts = [org.bench.connector.count(name) for name in ("account", "contact")]
    assert [1, 2] == counts


def test_org_without_them_is_asked_nothing_more(empty_bench: Any) -> None:
    """Where describe shows no person accounts, writing contacts costs no further call."""
    connector = empty_bench.connector
    contact = empty_bench.call("POST", "sobjects/Contact", body={"LastName": "L"})["id"]
    connector.describe(["account", "contact"])
    before = connector.calls
    connector.write([Write("contact", contact, {"Title": "x"})])
    assert 1 == connector.calls - before


def test_cursors_remember_whether_there_are_any(org: Org, pull_all: PullAll) -> None:
    """A new process that pulls from stored cursors asks for one composite call and no description."""
    asked: dict[str, tuple[str, ...]] = {"account": (), "contact": ()}
    _, cursors = pull_all(org.bench.connector, asked)
    other = org.bench.connect()
    found, _ = pull_all(other, asked, **cursors)
    other.close()
    assert (1, {org.firm}) == (other.calls, set(found["account"]))


@pytest.mark.parametrize(
    ("contact", "account"),
    [
        ("Lifecycle_Stage__c", "Lifecycle_Stage__pc"),
        ("Title", "PersonTitle"),
        ("LastName", "LastName"),
        ("Phone", "Phone"),
    ],
)
def test_names_of_fields_go_both_ways(contact: str, account: str) -> None:
    """A contact's field has its own name on the account, and back."""
    assert (account, contact) == (account_field(contact), contact_field(account))


def test_stages_of_deals_are_read_live(empty_bench: Any) -> None:
    """The values of StageName are the org's, in its order."""
    described = empty_bench.connector.describe(["opportunity"])["opportunity"]
    rows = empty_bench.rows("OpportunityStage").values()
    expected = [row["ApiName"] for row in sorted(rows, key=lambda row: row["SortOrder"])]
    assert len(expected) > 0
    assert expected == [option.value for option in described.fields["StageName"].options]
