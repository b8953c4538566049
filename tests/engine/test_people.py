"""Who is one person, what is known of them, and who told it."""

import pytest

from stagesync.engine.assemble import assemble_people
from stagesync.engine.explain import explain
from stagesync.errors import ArgumentError
from stagesync.store import records

from .bench import DAY_S, Bench, iso


def test_a_shared_mailbox_joins_nobody(bench: Bench) -> None:
    """Two people of one CRM behind one address stay two, and are not joined with the other CRM."""
    one = bench.contact("info@firm.example", first="Ann", last="Ng")
    other = bench.contact("info@firm.example", first="Bob", last="Hill")
    member = bench.member("info@firm.example", FirstName="Ann", LastName="Ng")
    assert 3 == bench.sync().people
    found = {
        bench.person("north", "contact", one),
        bench.person("north", "contact", other),
        bench.person("south", "contact", member),
    }
    assert 3 == len(found)


def test_same_address_and_name_in_one_crm_is_one_person(bench: Bench) -> None:
    """A duplicate inside one CRM is one person, with one stage in both records."""
    one = bench.contact("ann@firm.example", first="Ann", last="Ng")
    other = bench.contact("Ann@Firm.example", first="A.", last="NG")
    bench.form(one)
    assert 1 == bench.sync().people
    assert ("lead", "lead") == (bench.stage(one), bench.stage(other))


def test_a_changed_address_moves_a_record_to_another_person(bench: Bench) -> None:
    """When an address turns out to be another one, the record leaves its person and history stays apart."""
    contact = bench.contact("ann@firm.example", first="Ann", last="Ng")
    member = bench.member("ann@firm.example", FirstName="Ann", LastName="Ng")
    bench.sync()
    bench.south.edit("contact", member, {"Email": "other@firm.example"})
    bench.sync()
    assert bench.person("north", "contact", contact) != bench.person("south", "contact", member)


def test_people_who_become_one_keep_the_older_id(bench: Bench) -> None:
    """Two people whose addresses turn out to be the same are one, under the id that was there first."""
    contact = bench.contact("ann@firm.example", first="Ann", last="Ng")
    bench.sync()
    older = bench.person("north", "contact", contact)
    member = bench.member("typo@firm.example", FirstName="Ann", LastName="Ng")
    bench.sync()
    bench.south.edit("contact", member, {"Email": "ann@firm.example"})
    outcome = bench.sync()
    assert (older, older, 1) == (
        bench.person("north", "contact", contact),
        bench.person("south", "contact", member),
        outcome.people,
    )


def test_an_id_is_never_given_to_two_people(bench: Bench) -> None:
    """A record that parts from a second person does not get the id that its first person still bears."""
    for kind in ("contact", "lead"):
        bench.member("firm@firm.example", kind=kind, LastName="Ng")
    bench.sync()
    ann, twin = (bench.contact("ann@home.example", last="Ng") for _ in range(2))
    for address in ("firm@firm.example", "alone@home.example"):
        bench.sync()
        bench.north.edit("contact", ann, {"email": address})
    assert 3 == bench.sync().people
    assert bench.person("north", "contact", ann) != bench.person("north", "contact", twin)


def test_a_merge_in_a_crm_keeps_the_older_person_and_what_they_did(bench: Bench) -> None:
    """After a merge one person is left, with the older id and the activities of both records."""
    loser = bench.contact("ann@firm.example", first="Ann", last="Ng")
    bench.form(loser, days_ago=3)
    bench.sync()
    older = bench.person("north", "contact", loser)
    winner = bench.contact("a.ng@other.example", first="Ann", last="Ng")
    bench.sync()
    assert "contact" == bench.stage(winner)
    bench.north.merge("contact", loser, into=winner)
    outcome = bench.sync()
    assert (older, "lead", 1) == (
        bench.person("north", "contact", winner),
        bench.stage(winner),
        outcome.people,
    )


def test_a_person_who_is_merged_and_then_deleted_is_gone(bench: Bench) -> None:
    """A merged record does not keep somebody alive whose own record was deleted."""
    loser = bench.contact("ann@firm.example", last="Ng")
    winner = bench.contact("a.ng@other.example", last="Ng")
    bench.sync()
    bench.north.merge("contact", loser, into=winner)
    bench.sync()
    bench.north.delete("contact", winner)
    assert 0 == bench.sync().people


def test_a_deleted_record_takes_its_person_along(bench: Bench) -> None:
    """Somebody whose only record is deleted is no longer counted, and their account is placed anew."""
    company = bench.north.add("company", {"domain": "firm.example"})
    contact = bench.contact("ann@firm.example", last="Ng", links={"company": (company,)})
    bench.form(contact)
    bench.sync()
    assert "lead" == bench.value("north", "company", company, "stage")
    bench.north.delete("contact", contact)
    outcome = bench.sync()
    assert (0, None) == (outcome.people, bench.person("north", "contact", contact))
    assert "contact" == bench.value("north", "company", company, "stage")


def test_a_converted_lead_keeps_one_person(bench: Bench) -> None:
    """A lead and the contact it became are one person, under the lead's id."""
    lead = bench.member("ann@firm.example", kind="lead", LastName="Ng")
    bench.sync()
    before = bench.person("south", "lead", lead)
    contact = bench.south.convert("lead", lead, {"IsConverted": "true"}, to="contact")
    bench.south.edit("contact", contact, {"Email": "new@firm.example"})
    outcome = bench.sync()
    assert (before, before, 1) == (
        bench.person("south", "lead", lead),
        bench.person("south", "contact", contact),
        outcome.people,
    )


def test_nothing_is_written_to_a_converted_lead(bench: Bench) -> None:
    """The lead's value stays and is counted as converted; the contact gets the new stage."""
    lead = bench.member("ann@firm.example", kind="lead", LastName="Ng")
    bench.sync()
    contact = bench.south.convert("lead", lead, {"IsConverted": "true"}, to="contact")
    outcome = bench.sync()
    assert ("contact", "accepted", 0) == (
        bench.value("south", "lead", lead, "Stage__c"),
        bench.value("south", "contact", contact, "Stage__c"),
        outcome.exit_code,
    )
    assert {("south", lead, "Stage__c"): "converted"} == bench.differences()


def fact(bench: Bench, who: str, name: str) -> tuple[object, str, list[tuple[str, object]]]:
    """A fact's value, who told it, and who told otherwise."""
    told = explain(bench.deployment, who)["facts"][name]
    others = [(other["connection"], other["value"]) for other in told["others"]]
    return told["value"], told["from"]["connection"], others


def test_the_preferred_connection_is_believed(bench: Bench) -> None:
    """`prefer` decides between two CRMs, though the other one is newer; the other is named beside."""
    bench.contact("ann@firm.example", last="Ng", country="France")
    bench.clock.advance(days=1)
    bench.member("ann@firm.example", LastName="Ng", Country="Belgium")
    bench.sync()
    assert ("FR", "north", [("south", "BE")]) == fact(bench, "ann@firm.example", "person.country")


def test_a_missing_value_gives_way_to_the_other_crm(bench: Bench) -> None:
    """What the preferred connection does not know, the next one tells."""
    bench.contact("ann@firm.example", last="Ng", country=" - ")
    bench.member("ann@firm.example", LastName="Ng", Country="Belgium")
    bench.sync()
    assert ("BE", "south", []) == fact(bench, "ann@firm.example", "person.country")


def test_the_newest_is_believed_where_nobody_is_preferred(bench: Bench) -> None:
    """Without `prefer` the record that was changed last decides."""
    bench.redeploy(prefer=())
    bench.contact("ann@firm.example", last="Ng", country="France")
    bench.clock.advance(days=1)
    bench.member("ann@firm.example", LastName="Ng", Country="Belgium")
    bench.sync()
    assert ("BE", "south", [("north", "FR")]) == fact(bench, "ann@firm.example", "person.country")


def test_our_own_writes_make_no_record_newer(bench: Bench) -> None:
    """What we write stamps every record anew, yet whose word is newest stays as people left it."""
    bench.redeploy(prefer=())
    company = bench.north.add("company", {"domain": "firm.example", "employees": "200"})
    contact = bench.contact(
        "ann@firm.example", last="Ng", country="France", links={"company": (company,)}
    )
    bench.clock.advance(days=1)
    bench.south.add("account", {"Website": "firm.example", "Employees": "300"})
    bench.member("ann@firm.example", LastName="Ng", Country="Belgium")
    bench.sync()
    bench.sync()
    for row in (bench.north.rows["contact", contact], bench.north.rows["company", company]):
        row.changed_at_s += 1
    assert {"north": 0, "south": 0} == bench.sync().summary()["changed"]
    assert [("BE", "south", [("north", "FR")]), (300, "south", [("north", 200)])] == [
        fact(bench, "ann@firm.example", name) for name in ("person.country", "account.employees")
    ]


def test_a_value_that_nobody_can_read_is_missing(bench: Bench) -> None:
    """A country and a number that are none leave the facts missing, and the run goes on."""
    company = bench.north.add("company", {"domain": "firm.example", "employees": "quite a few"})
    bench.contact("ann@firm.example", last="Ng", country="Atlantis", links={"company": (company,)})
    outcome = bench.sync()
    told = explain(bench.deployment, "ann@firm.example")["facts"]
    assert 0 == outcome.exit_code
    assert {"account.employees", "person.country"}.isdisjoint(told)


def test_a_deal_without_contacts_counts_for_the_account_only_when_won(bench: Bench) -> None:
    """An open deal that names nobody moves nobody; once won it makes clients of the account's people."""
    company = bench.north.add("company", {"domain": "firm.example"})
    contact = bench.contact("ann@firm.example", last="Ng", links={"company": (company,)})
    opened = iso(bench.clock.at_s - DAY_S)
    deal = bench.north.add(
        "deal", {"won": "false", "closed": "false", "opened": opened}, links={"company": (company,)}
    )
    bench.sync()
    assert ("contact", "opportunity") == (
        bench.stage(contact),
        bench.value("north", "company", company, "stage"),
    )
    bench.north.edit("deal", deal, {"won": "true", "closed": "true", "closed_on": opened})
    bench.sync()
    assert ("client", "client") == (
        bench.stage(contact),
        bench.value("north", "company", company, "stage"),
    )


def test_a_deal_that_names_somebody_counts_for_them_alone(bench: Bench) -> None:
    """A won deal with a contact makes that contact a client, not the colleagues."""
    company = bench.north.add("company", {"domain": "firm.example"})
    ann = bench.contact("ann@firm.example", last="Ng", links={"company": (company,)})
    bob = bench.contact("bob@firm.example", last="Hill", links={"company": (company,)})
    won = {"won": "true", "closed": "true", "closed_on": iso(bench.clock.at_s - DAY_S)}
    bench.north.add("deal", won, links={"company": (company,), "contact": (ann,)})
    bench.sync()
    assert ("client", "contact") == (bench.stage(ann), bench.stage(bob))


def test_a_deal_reaches_people_through_its_roles(bench: Bench) -> None:
    """A record that only joins a deal and a contact makes the deal the contact's."""
    contact = bench.member("ann@firm.example", LastName="Ng")
    values = {"IsWon": "false", "IsClosed": "false", "Created": iso(bench.clock.at_s - DAY_S)}
    deal = bench.south.add("opportunity", values)
    bench.sync()
    assert "contact" == bench.value("south", "contact", contact, "Stage__c")
    bench.south.add("role", {}, links={"opportunity": (deal,), "contact": (contact,)})
    bench.sync()
    assert "opportunity" == bench.value("south", "contact", contact, "Stage__c")


def test_a_won_deal_with_a_role_is_not_everybodys(bench: Bench) -> None:
    """A won deal that names a contact through a role makes no clients of the colleagues."""
    account = bench.south.add("account", {"Website": "firm.example"})
    ann, bob = (
        bench.member(f"{name}@firm.example", LastName=name, links={"account": (account,)})
        for name in ("ann", "bob")
    )
    won = {"IsWon": "true", "IsClosed": "true", "Closed": iso(bench.clock.at_s - DAY_S)}
    deal = bench.south.add("opportunity", won, links={"account": (account,)})
    bench.south.add("role", {}, links={"opportunity": (deal,), "contact": (ann,)})
    bench.sync()
    assert ["client", "contact"] == [
        bench.value("south", "contact", each, "Stage__c") for each in (ann, bob)
    ]


def test_a_deleted_deal_no_longer_counts(bench: Bench) -> None:
    """Deleting the open deal takes the opportunity back."""
    contact = bench.contact("ann@firm.example", last="Ng")
    values = {"won": "false", "closed": "false", "opened": iso(bench.clock.at_s - DAY_S)}
    deal = bench.north.add("deal", values, links={"contact": (contact,)})
    bench.sync()
    assert "opportunity" == bench.stage(contact)
    bench.north.delete("deal", deal)
    bench.sync()
    assert "contact" == bench.stage(contact)


def test_the_account_is_placed_and_written_in_both_crms(bench: Bench) -> None:
    """Companies of one domain are one account, whose stage follows its best person."""
    company = bench.north.add("company", {"domain": "firm.example", "name": "Firm"})
    account = bench.south.add("account", {"Website": "https://www.firm.example/fr", "Name": "FIRM"})
    contact = bench.contact("ann@firm.example", last="Ng", links={"company": (company,)})
    bench.form(contact)
    bench.sync()
    assert ("lead", "lead") == (
        bench.value("north", "company", company, "stage"),
        bench.value("south", "account", account, "Stage__c"),
    )


def test_a_company_comes_by_the_domain_of_the_address(bench: Bench) -> None:
    """Somebody without a company record belongs to the account of their address, unless it is free mail."""
    bench.north.add("company", {"domain": "firm.example"})
    bench.north.add("company", {"domain": "gmail.com"})
    ann = bench.contact("ann@firm.example", last="Ng")
    bob = bench.contact("bob@gmail.com", last="Hill")
    bench.sync()
    found = {
        each: bench.placed(bench.person("north", "contact", each)).account for each in (ann, bob)
    }
    assert (True, False) == (found[ann] is not None, found[bob] is not None)


def test_a_company_is_one_whatever_its_hosts(bench: Bench) -> None:
    """A shop's address, a country's host and a mail server are one account, under the registered domain."""
    company = bench.north.add("company", {"domain": "shop.acme.co.uk"})
    account = bench.south.add("account", {"Website": "https://www.acme.co.uk/fr"})
    ann = bench.contact("ann@mail.acme.co.uk", last="Ng")
    bob = bench.contact("bob@other.co.uk", last="Hill")
    bench.sync()
    with bench.store.begin() as tx:
        (one,) = records.records_of(tx, "north", "company", [company]).values()
        (two,) = records.records_of(tx, "south", "account", [account]).values()
    assert (two.account, "acme.co.uk") == (one.account, one.domain)
    assert [one.account, None] == [
        bench.placed(bench.person("north", "contact", each)).account for each in (ann, bob)
    ]


def test_those_who_rent_names_are_no_colleagues(bench: Bench) -> None:
    """Two sites of one host of sites are two accounts, and the host itself is none."""
    sites = ("ann.github.io", "bob.github.io", "github.io")
    made = [bench.north.add("company", {"domain": each}) for each in sites]
    ann = bench.contact("ann@ann.github.io", last="Ng")
    bench.sync()
    with bench.store.begin() as tx:
        found = records.records_of(tx, "north", "company", made)
    assert [*sites[:2], ""] == [found[each].domain for each in made]
    mine = bench.placed(bench.person("north", "contact", ann)).account
    assert [True, False, False] == [found[each].account == mine for each in made]


def test_explain_knows_nobody_of_an_unknown_address(bench: Bench) -> None:
    """An address that no record bears is refused, with advice."""
    bench.sync()
    with pytest.raises(ArgumentError) as refused:
        explain(bench.deployment, "nobody@firm.example")
    assert refused.value.hint is not None


def test_explain_lists_several_people_of_one_address(bench: Bench) -> None:
    """A shared mailbox names several people, and explain says which instead of choosing."""
    ids = [bench.contact("info@firm.example", last=last) for last in ("Ng", "Hill")]
    bench.sync()
    people = sorted(str(bench.person("north", "contact", each)) for each in ids)
    with pytest.raises(ArgumentError) as refused:
        explain(bench.deployment, "info@firm.example")
    assert f"that names several: {', '.join(people)}" == str(refused.value)


def test_explain_tells_the_lines_and_the_values(bench: Bench) -> None:
    """The lines of a score sum to it, and each record shows what stands in the CRM and what we wrote."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.form(contact, days_ago=30)
    bench.sync()
    told = explain(bench.deployment, "ann@firm.example")
    lines = sum(line["points"] for line in told["reasons"] if line["score"] == "interest")
    assert pytest.approx(told["scores"]["interest"]) == lines
    (record,) = told["records"]
    assert ("lead", "lead", "lead") == (
        told["stages"]["standard"],
        record["values"]["stage"],
        record["written"]["stage"],
    )


def test_explain_knows_an_account_by_its_record(bench: Bench) -> None:
    """A company's record id leads to the account, with its facts, its deals and its stages."""
    company = bench.north.add("company", {"domain": "firm.example", "employees": "200"})
    values = {"won": "false", "closed": "false", "opened": iso(bench.clock.at_s - DAY_S)}
    bench.north.add("deal", values, links={"company": (company,)})
    bench.sync()
    told = explain(bench.deployment, company)
    assert ("account", 200, "opportunity", ["open"], None) == (
        told["kind"],
        told["facts"]["account.employees"]["value"],
        told["stages"]["standard"],
        [deal["status"] for deal in told["deals"]],
        told["next"],
    )
    assert told["id"] == explain(bench.deployment, told["id"])["id"]


def test_explain_tells_what_time_alone_will_change(bench: Bench) -> None:
    """The next change comes with its instant, its axes and its stages."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.form(contact, days_ago=1)
    bench.sync()
    coming = explain(bench.deployment, "ann@firm.example")["next"]
    assert (["request", "none"], "contact") == (
        coming["changes"]["interest"],
        coming["stages"]["standard"],
    )


def test_who_wants_no_mail_gets_none(bench: Bench) -> None:
    """The treatment of somebody who opted out comes before the stage's own."""
    bench.contact("ann@firm.example", last="Ng", opted_out="true")
    bench.contact("bob@firm.example", last="Hill")
    bench.sync()
    content = [
        explain(bench.deployment, f"{who}@firm.example")["treatment"]["content"]
        for who in ("ann", "bob")
    ]
    assert ["none", "awareness"] == content


def test_nobody_is_explained_before_an_evaluation(bench: Bench) -> None:
    """Somebody who was pulled and never placed is refused, with advice."""
    from stagesync.engine.run import run_once

    class Dying:
        """Fails when people are to be placed."""

        def phase(self, name: str, total: int | None = None) -> None:
            if name == "evaluate people":
                raise KeyboardInterrupt

        def advance(self, count: int) -> None:
            """Nothing to do."""

    bench.contact("ann@firm.example", last="Ng")
    with pytest.raises(KeyboardInterrupt):
        run_once(bench.deployment, progress=Dying())
    with pytest.raises(ArgumentError, match="was not evaluated yet"):
        explain(bench.deployment, "ann@firm.example")


def test_a_whole_base_is_joined_like_a_few(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """When too many records changed to follow keys, reading every record joins the same people."""
    from stagesync.engine import around

    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    monkeypatch.setattr(around, "WHOLE_BASE", 0)
    member = bench.member("ann@firm.example", LastName="Ng")
    assert 1 == bench.sync().people
    assert bench.person("north", "contact", contact) == bench.person("south", "contact", member)


def test_what_is_learnt_of_a_company_reaches_its_people(bench: Bench) -> None:
    """A company's new size places its people anew, those of a company record that joined it included."""
    company = bench.north.add("company", {"domain": "firm.example"})
    account = bench.south.add("account", {"Website": "other.example"})
    ann = bench.contact(
        "ann@firm.example", title="Director", country="FR", links={"company": (company,)}
    )
    bob = bench.member(
        "bob@mail.example", Title="Director", Country="FR", links={"account": (account,)}
    )
    bench.sync()
    bench.north.edit("company", company, {"employees": "120"})
    bench.sync()
    assert bench.position(ann)["fit"] == "inside"
    bob_now = bench.placed(bench.person("south", "contact", bob)).position or {}
    assert bob_now["fit"] == "unknown"
    bench.south.edit("account", account, {"Website": "www.firm.example"})
    bench.sync()
    bob_now = bench.placed(bench.person("south", "contact", bob)).position or {}
    assert bob_now["fit"] == "inside"


def test_a_company_that_leaves_takes_its_facts_along(bench: Bench) -> None:
    """When a company record is deleted, its people are placed without what it told."""
    company = bench.north.add("company", {"domain": "firm.example", "employees": "120"})
    ann = bench.contact(
        "ann@free.example", title="Director", country="FR", links={"company": (company,)}
    )
    bench.sync()
    assert bench.position(ann)["fit"] == "inside"
    bench.north.delete("company", company)
    bench.sync()
    assert bench.position(ann)["fit"] == "unknown"


def test_the_wish_not_to_be_contacted_survives_a_merge(bench: Bench) -> None:
    """When the record that asked for it is merged into one that did not, the person is left in peace."""
    ann = bench.contact("ann@firm.example", last="Ng", first="Ann")
    old = bench.contact("ann@old.example", last="Ng", first="Ann", opted_out="true")
    bench.sync()
    bench.north.merge("contact", old, into=ann)
    bench.sync()
    person = str(bench.person("north", "contact", ann))
    with bench.store.begin() as tx:
        found = assemble_people(tx, bench.deployment, [person], now_s=bench.clock.now_s())
    assert (True, old) == (
        found[person].facts.person.get("do_not_contact"),
        found[person].chosen["person.do_not_contact"].told_by.id,
    )
