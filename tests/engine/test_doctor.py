"""What the doctor finds, each with its fix, and nothing where all is well."""

from dataclasses import replace
from pathlib import Path

from stagesync.connector import (
    CredentialsRefused,
    FieldDescription,
    FieldType,
    Option,
    PermissionMissing,
)
from stagesync.domain.mapping_rules import FactRule
from stagesync.engine.doctor import Finding, Severity, examine

from .bench import Bench
from .deployed import deployed


def found(bench: Bench, connection: str = "north") -> list[tuple[str, str]]:
    return [
        (str(each.severity), each.what)
        for each in examine(bench.deployment)
        if each.connection == connection
    ]


def test_all_is_well(bench: Bench) -> None:
    """A deployment that lacks nothing has no findings, and looking wrote nothing."""
    bench.contact("ann@firm.example", last="Ng")
    assert [] == examine(bench.deployment)
    assert 0 == bench.backlog()


def test_refused_credentials_are_an_error_and_the_others_are_looked_at(bench: Bench) -> None:
    """The connector's own hint is the fix; the other connection is examined all the same."""
    bench.north.fail(CredentialsRefused("the token is refused", hint="make a new token"))
    bench.south.skew_s = 90.0
    assert [
        Finding("north", Severity.ERROR, "the token is refused", "make a new token"),
        Finding(
            "south",
            Severity.WARNING,
            "this machine's clock is 90 s behind the CRM's",
            "let the machine take its time from the network (NTP)",
        ),
    ] == examine(bench.deployment)


def test_a_missing_scope_shows_when_a_page_is_asked_for(bench: Bench) -> None:
    """An object that can be described and not read is named by the CRM's complaint."""
    objects = len(bench.deployment.connections["north"].roles)
    bench.north.fail(PermissionMissing("scope deals.read is missing"), after=1 + objects)
    assert [("error", "scope deals.read is missing")] == found(bench)


def test_missing_fields_are_told_with_who_makes_them(bench: Bench) -> None:
    """Our own field is made by setup; another one is the mapping's or the credentials' matter."""
    del bench.north.fields["contact"]["stage"]
    del bench.north.fields["contact"]["title"]
    assert {
        "contact.stage does not exist, or the credentials may not see it": "stagesync setup north",
        "contact.title does not exist, or the credentials may not see it": (
            "let the credentials see contact.title, or correct the mapping"
        ),
    } == {each.what: each.fix for each in examine(bench.deployment)}


def test_a_field_that_may_not_be_written_is_an_error(bench: Bench) -> None:
    """Read-only is told of fields that this connection writes."""
    known = bench.north.fields["contact"]
    known["stage"] = replace(known["stage"], writable=False)
    known["lifecycle"] = replace(known["lifecycle"], writable=False)
    assert [("error", "contact.stage cannot be written with these credentials")] == found(bench)


def test_stages_without_an_option_are_named(forward: Bench) -> None:
    """Stages that the mapping would write and the CRM has no value for."""
    assert [] == found(forward)
    known = forward.north.fields["contact"]["lifecycle"]
    kept = tuple(o for o in known.options if o.value != "customer")
    forward.north.fields["contact"]["lifecycle"] = replace(known, options=kept)
    assert [("warning", "contact.lifecycle offers no value for: customer")] == found(forward)


def test_a_nearly_used_quota_says_who_used_it(bench: Bench) -> None:
    """From 80 % on the vendor's allowance is a warning, used up it is an error."""
    bench.north.daily_limit, bench.north.calls_of_others = 1_000, 700
    assert [] == found(bench)
    bench.north.calls_of_others = 900
    (severity, what) = found(bench)[0]
    assert ("warning", True) == (severity, "of the day's 1,000 calls" in what)
    bench.north.calls_of_others = 1_000
    assert "error" == found(bench)[0][0]


def test_deals_without_people_and_shared_mailboxes_are_counted(bench: Bench) -> None:
    """A deal that names a company alone, and an address of two people, in each CRM's own manner."""
    firm = bench.north.add("company", {"domain": "firm.example"})
    ann = bench.contact("info@firm.example", first="Ann", last="Ng")
    bench.contact("info@firm.example", first="Bob", last="Li")
    bench.north.add("deal", {"closed": "no"}, links={"company": (firm,)})
    bench.north.add("deal", {"closed": "no"}, links={"contact": (ann,)})
    member = bench.member("cal@other.example", LastName="Ox")
    deal = bench.south.add("opportunity", {"IsClosed": "no"})
    bench.south.add("role", {}, links={"opportunity": (deal,), "contact": (member,)})
    bench.sync()
    assert [
        ("note", "deals that name no person: 1"),
        ("note", "e-mail addresses that several people share, and that join nobody: 1"),
    ] == found(bench)
    assert [] == found(bench, "south")


def test_unmapped_values_are_ranked_by_their_records(bench: Bench) -> None:
    """Values of closed fields alone are shown."""
    options = tuple(Option(each, each, 0) for each in ("SPACE", "RARE"))
    bench.north.fields["company"]["industry"] = FieldDescription(
        "industry", FieldType.CHOICE, True, options=options
    )
    space = bench.north.add("company", {"domain": "a.example", "industry": "SPACE"})
    bench.north.add("company", {"domain": "c.example", "industry": "SPACE"})
    rare = bench.north.add("company", {"domain": "b.example", "industry": "RARE"})
    bench.contact("cal@b.example", last="Ox", links={"company": (rare,)})
    for name in ("ann", "bob"):
        bench.contact(
            f"{name}@a.example", last=name, country="Nowhere", links={"company": (space,)}
        )
    bench.sync()
    assert [
        ("warning", "company.industry: `SPACE` is not mapped; records: 2"),
        ("warning", "company.industry: `RARE` is not mapped; records: 1"),
    ] == found(bench)


def test_a_table_of_the_mapping_makes_a_field_a_closed_one(bench: Bench) -> None:
    """What a table does not know is shown, though the CRM calls the field a text."""
    north = bench.deployment.connections["north"]
    contact = north.object_mapping("contact")
    rule = FactRule("person.country", "country", values={"here": "FR"})
    facts = tuple(one for one in contact.facts if one.field != "country")
    contact = replace(contact, facts=(*facts, rule))
    mapping = replace(north.mapping, objects={**north.mapping.objects, "contact": contact})
    connections = {**bench.deployment.connections, "north": replace(north, mapping=mapping)}
    bench.redeploy(connections=connections)
    bench.contact("ann@firm.example", last="Ng", country="There")
    bench.sync()
    assert [("warning", "contact.country: `There` is not mapped; records: 1")] == found(bench)


def test_a_standing_alert_is_a_finding(bench: Bench) -> None:
    """What drifted is told as the alert, and not as a missing field besides."""
    bench.sync()
    del bench.north.fields["contact"]["title"]
    bench.sync()
    assert [("warning", "contact.title is gone from the CRM")] == found(bench)


def test_files_that_are_not_followed_are_a_finding(bench: Bench, tmp_path: Path) -> None:
    """Definitions with a problem and settings newer than the daemon are told with what to do."""
    place = deployed(bench, tmp_path / "mappings")
    place.edit("policy.yaml", "keep_at: 35", "keep_at: 350")
    (tmp_path / "stagesync.yaml").write_text("language: fr\n")
    place.live.take_over()
    told = [each for each in examine(place.live.current()) if not each.connection]
    assert [Severity.WARNING] * 2 == [each.severity for each in told]
    assert ["correct it", "restart the daemon"] == [
        each.fix.split(":")[0].split(";")[0] for each in told
    ]
