"""After an edit of a mapping, what is stored is read by the new rules."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stagesync.domain.mapping import DealRule, Identity, ObjectMapping
from stagesync.engine.explain import explain

from .bench import DAY_S, Bench, iso, text


def edit(bench: Bench, name: str, how: Callable[[ObjectMapping], Any]) -> None:
    """An admin edits what `north.yaml` says of an object."""
    north = bench.deployment.connections["north"]
    objects = {**north.mapping.objects, name: how(north.object_mapping(name))}
    digest = f"{north.mapping.digest}+"
    found = replace(north, mapping=replace(north.mapping, objects=objects, digest=digest))
    bench.redeploy(connections={**bench.deployment.connections, "north": found})


def by_title(mapping: ObjectMapping) -> ObjectMapping:
    """The address stands in another field, which the mapping asked for already."""
    return replace(mapping, identity=Identity(emails=("title", "email"), last_name="last"))


def test_a_new_address_field_is_read_from_what_is_stored(bench: Bench) -> None:
    """Nothing changes in the CRM, and the record finds its person by the other field."""
    ann = bench.contact("old@home.example", last="Ng", title="ann@firm.example")
    member = bench.member("ann@firm.example", LastName="Ng")
    assert 2 == bench.sync().people
    edit(bench, "contact", by_title)
    assert 1 == bench.sync().people
    assert bench.person("north", "contact", ann) == bench.person("south", "contact", member)


def test_an_edit_of_identity_can_part(bench: Bench) -> None:
    """Those whom only a wrong field joined are two again, without a pull."""
    bench.contact("ann@firm.example", last="Ng", title="boss@firm.example")
    bench.member("ann@firm.example", LastName="Ng")
    assert 1 == bench.sync().people
    edit(bench, "contact", by_title)
    assert 2 == bench.sync().people


def test_a_field_that_was_not_asked_for_is_pulled(bench: Bench) -> None:
    """An address in a field that nobody named before is pulled for every record, however old its change."""
    (work_email,) = text("work_email")
    bench.north.fields["contact"]["work_email"] = work_email
    ann = bench.contact("old@home.example", last="Ng", work_email="ann@firm.example")
    bench.member("ann@firm.example", LastName="Ng")
    bench.clock.advance(days=2)
    assert 2 == bench.sync().people
    bench.clock.advance(days=2)
    identity = Identity(emails=("work_email", "email"), last_name="last")
    edit(bench, "contact", lambda mapping: replace(mapping, identity=identity))
    assert 1 == bench.sync().people
    assert "contact" == bench.stage(ann)


def test_a_domain_from_another_field_moves_the_account(bench: Bench) -> None:
    """A company record known by another field is another account, and its people follow."""
    company = bench.north.add("company", {"domain": "wrong.example", "name": "firm.example"})
    ann = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    assert bench.placed(bench.person("north", "contact", ann)).account is None
    edit(bench, "company", lambda mapping: replace(mapping, identity=Identity(domains=("name",))))
    bench.sync()
    account = bench.placed(bench.person("north", "contact", ann)).account
    assert (account, "account") == (
        explain(bench.deployment, f"north/company/{company}")["id"],
        explain(bench.deployment, str(account))["kind"],
    )


def test_a_fact_from_another_field_counts_at_once(bench: Bench) -> None:
    """A fact that is read from another stored field is another one in the next run."""
    bench.contact("ann@firm.example", last="Ng", country="France", title="Belgium")
    bench.sync()

    def from_title(mapping: ObjectMapping) -> ObjectMapping:
        facts = tuple(
            replace(rule, field="title") if rule.fact == "person.country" else rule
            for rule in mapping.facts
        )
        return replace(mapping, facts=facts)

    edit(bench, "contact", from_title)
    bench.sync()
    assert "BE" == explain(bench.deployment, "ann@firm.example")["facts"]["person.country"]["value"]


def test_a_deal_is_won_by_the_new_rule(bench: Bench) -> None:
    """What makes a deal a won one is read anew for the deals that are stored."""
    ann = bench.contact("ann@firm.example", last="Ng")
    at = iso(bench.clock.at_s - DAY_S)
    values = {"won": "false", "closed": "yes", "opened": at, "closed_on": at}
    bench.north.add("deal", values, links={"contact": (ann,)})
    bench.sync()
    before = bench.stage(ann)
    yes = {"closed": frozenset({"yes"})}
    rule = DealRule(yes, {"won": frozenset({"no"})}, "opened", "closed_on")
    edit(bench, "deal", lambda mapping: replace(mapping, deal=rule))
    bench.sync()
    assert (False, "client") == (before == "client", bench.stage(ann))


def test_an_activity_is_of_the_type_of_the_new_rule(bench: Bench) -> None:
    """Stored activity records tell the type that their rule says now, and no longer the old one."""
    ann = bench.contact("ann@firm.example", last="Ng")
    at = iso(bench.clock.at_s - DAY_S)
    bench.north.add("meeting", {"starts": at}, links={"contact": (ann,)})
    bench.sync()

    def as_call(mapping: ObjectMapping) -> ObjectMapping:
        return replace(mapping, activities=(replace(mapping.activities[0], type="inbound_call"),))

    edit(bench, "meeting", as_call)
    bench.sync()
    told = explain(bench.deployment, "ann@firm.example")["activities"]
    assert ["inbound_call"] == [each["type"] for each in told]


def test_an_edit_that_changes_nobody_changes_nobody(bench: Bench) -> None:
    """A new version of the same rules joins, parts and writes nothing."""
    bench.contact("ann@firm.example", last="Ng")
    bench.member("ann@firm.example", LastName="Ng")
    bench.sync()
    bench.sync()
    before = len(bench.audit())
    edit(bench, "contact", lambda mapping: replace(mapping, facts=mapping.facts[:-1]))
    outcome = bench.sync()
    assert (1, 0, before) == (outcome.people, bench.written(outcome), len(bench.audit()))
