"""What a record says when it is read by a mapping."""

from dataclasses import replace

import pytest

from stagesync.domain.mapping import (
    ActivityRule,
    DealRule,
    FactRule,
    Identity,
    ObjectMapping,
    ReadActivity,
    ReadDeal,
    WriteRule,
    is_frozen,
    read_record,
)

TRUE = frozenset({"true"})
CONTACT = ObjectMapping(
    object="contact",
    identity=Identity(emails=("email", "email2"), first_name="first", last_name="last"),
    facts=(
        FactRule("person.email", "email", "email"),
        FactRule("person.country", "country", "country_code"),
        FactRule("person.title", "title", "text"),
        FactRule("person.seniority", "title", "seniority_from_title"),
        FactRule("person.excluded", "kind", is_values=frozenset({"competitor", "student"}), optional=True),
        FactRule("person.nurture", "status", is_values=frozenset({"bad timing"}), set_by="people"),
        FactRule("person.do_not_contact", "optout", "flag"),
        FactRule("account.industry", "industry", "industry", values={"philately": "retail", "misc": None}),
        FactRule("account.employees", "size", "number"),
    ),
    activities=(
        ActivityRule("site_visit", ("last_visit",), counter="visits"),
        ActivityRule("email_open", ("last_open",), optional=True),
    ),
    writes=(WriteRule("stage", "stage.standard"),),
    frozen_when={"converted": TRUE},
    empty_values=frozenset({"n/a", "-"}),
)  # fmt: skip
MEETING = ObjectMapping(
    object="meeting",
    activities=(
        ActivityRule(
            "meeting",
            ("start", "day"),
            when={"type": frozenset({"visit", ""})},
            cancelled={"outcome": frozenset({"no_show"}), "state": frozenset({"canceled"})},
        ),
        ActivityRule("call_logged", ("start",), when={"type": frozenset({"call"})}),
        ActivityRule("inbound_call", ("start",)),
    ),
)
DEAL = ObjectMapping(
    object="deal",
    deal=DealRule({"won": TRUE}, {"closed": TRUE}, "created", "closed_on", amount="amount"),
)


def test_facts_of_both_sides_are_read():
    """Facts of the person and of the account are told apart by their prefix."""
    read = read_record(
        CONTACT, {"country": " fr", "title": "CEO", "size": "1 200", "industry": "RETAIL"}
    )
    assert (
        {"country": "FR", "title": "CEO", "seniority": "c_level"},
        {"industry": "retail", "employees": 1200.0},
    ) == (read.person, read.account)


@pytest.mark.parametrize("value", [None, "", "  ", "n/a", "N/A ", "-"])
def test_empty_spellings_are_missing(value):
    """Null, blank and the listed spellings are missing facts and are not unmapped."""
    read = read_record(CONTACT, {"country": value, "email": value})
    assert ({}, (), "") == (read.person, read.unmapped, read.email)


def test_unmapped_values_are_missing_and_listed():
    """A value that cannot be read is no fact; it is listed once, with its field."""
    read = read_record(CONTACT, {"country": "Freedonia", "email": "n/a@n/a", "title": "banana"})
    assert ({"title": "banana"}, (("email", "n/a@n/a"), ("country", "Freedonia"))) == (
        read.person,
        read.unmapped,
    )


def test_the_table_is_asked_before_the_transform():
    """A file's own table overrides ours, whatever the case."""
    assert {"industry": "retail"} == read_record(CONTACT, {"industry": "PHILATELY"}).account


def test_a_value_known_to_mean_nothing_is_not_unmapped():
    """A blank in the table makes the value missing without listing it."""
    read = read_record(CONTACT, {"industry": "Misc"})
    assert ({}, ()) == (read.account, read.unmapped)


def test_a_table_alone_refuses_other_values():
    """Without a transform, a value outside the table is unmapped."""
    mapping = replace(
        CONTACT, facts=(FactRule("person.origin", "source", values={"web": "inbound"}),)
    )
    read = read_record(mapping, {"source": "Fax"})
    assert ({}, (("source", "Fax"),)) == (read.person, read.unmapped)


@pytest.mark.parametrize(
    ("value", "expected"), [("Competitor", {"excluded": True}), ("partner", {}), (None, {})]
)
def test_is_makes_a_flag(value, expected):
    """The flag is set for the listed values and missing for any other."""
    assert expected == read_record(CONTACT, {"kind": value}).person


@pytest.mark.parametrize(
    ("value", "expected"),
    [("true", True), (True, True), ("false", None), (False, None), ("oui", None)],
)
def test_a_false_flag_is_missing(value, expected):
    """A flag that is the text "false" does not set the fact."""
    assert expected == read_record(CONTACT, {"optout": value}).person.get("do_not_contact")


def test_a_false_flag_counts_where_the_mapping_says_so():
    """With `false_counts` a false flag is known to be false."""
    rule = FactRule("person.do_not_contact", "optout", "flag", false_counts=True)
    read = read_record(replace(CONTACT, facts=(rule,)), {"optout": "false"})
    assert {"do_not_contact": False} == read.person


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        ({}, {"nurture": True}),
        ({"status": "bad timing "}, {}),
        ({"status": "NEW"}, {"nurture": True}),
    ],
)
def test_only_what_people_set_counts(ours, expected):
    """A value equal to what stagesync last wrote there is nobody's word."""
    assert expected == read_record(CONTACT, {"status": "Bad Timing"}, ours).person


def test_of_two_rules_for_a_fact_the_first_present_counts():
    """The second field serves only while the first is missing or unreadable."""
    mapping = ObjectMapping(
        "company",
        identity=Identity(domains=("domain", "site")),
        facts=(
            FactRule("account.domain", "domain", "domain"),
            FactRule("account.domain", "site", "domain"),
        ),
    )
    read = read_record(mapping, {"domain": "acme", "site": "https://www.acme.fr/"})
    assert ({"domain": "acme.fr"}, "acme.fr") == (read.account, read.domain)


def test_an_account_gives_facts_to_its_people():
    """Facts of the `people` section are apart from the account's own."""
    mapping = ObjectMapping(
        "company",
        identity=Identity(domains=("domain",)),
        people=(FactRule("person.churned", "churned", "flag"),),
    )
    read = read_record(mapping, {"churned": "true"})
    assert ({"churned": True}, {}, {}) == (read.people, read.person, read.account)


def test_identity_is_normalised():
    """The first valid address counts; names lose case, accents and punctuation."""
    fields = {"email": "-", "email2": " A@B.FR ", "first": "Jean-Éric", "last": "O'NEILL"}
    read = read_record(CONTACT, fields)
    assert ("a@b.fr", ("jean eric", "oneill")) == (read.email, read.name)


def test_a_person_has_one_activity_for_each_counter_with_a_date():
    """Each filled date is one activity at that date, named by type and milliseconds."""
    fields = {
        "last_visit": "2026-10-01T10:00:00.5Z",
        "visits": "37",
        "last_open": "2026-10-02T00:00:00Z",
    }
    assert (
        ReadActivity("site_visit", 1790848800.5, "site_visit@1790848800500"),
        ReadActivity("email_open", 1790899200.0, "email_open@1790899200000"),
    ) == read_record(CONTACT, fields).activities


def test_a_counter_at_zero_is_no_activity():
    """A date beside a counter that stands at zero tells of nothing."""
    fields = {"last_visit": "2026-10-01T10:00:00Z", "visits": "0"}
    assert () == read_record(CONTACT, fields).activities


def test_reading_twice_names_an_activity_alike():
    """The same date read in either spelling bears the same key."""
    first = read_record(CONTACT, {"last_visit": "2026-10-01T10:00:00Z"}).activities
    assert first == read_record(CONTACT, {"last_visit": "1790848800000"}).activities


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "Visit"}, "meeting"),
        ({}, "meeting"),
        ({"type": "call"}, "call_logged"),
        ({"type": "fax"}, "inbound_call"),
    ],
)
def test_a_record_is_one_activity_by_its_first_fitting_rule(fields, expected):
    """Rules are tried in order; an empty field fits where "" is listed."""
    read = read_record(MEETING, {"start": "2026-10-01T10:00:00Z", **fields})
    assert (ReadActivity(expected, 1790848800.0),) == read.activities


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, True),
        ({"outcome": "COMPLETED"}, True),
        ({"outcome": "NO_SHOW"}, False),
        ({"state": "canceled"}, False),
    ],
)
def test_a_cancelled_activity_did_not_take_place(fields, expected):
    """Any one of the cancelling conditions is enough."""
    read = read_record(MEETING, {"start": "2026-10-01T10:00:00Z", **fields})
    assert [expected] == [activity.took_place for activity in read.activities]


def test_the_first_filled_date_counts():
    """A later field dates the activity only while the earlier ones are empty."""
    read = read_record(MEETING, {"start": "-x-", "day": "2026-10-01"})
    assert ((ReadActivity("meeting", 1790812800.0),), (("start", "-x-"),)) == (
        read.activities,
        read.unmapped,
    )


def test_no_date_is_no_activity():
    """An activity without any date is left out."""
    assert () == read_record(MEETING, {"type": "call"}).activities


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"won": True, "closed": True}, ReadDeal("won", 1790899200.0, 1200.0)),
        ({"won": "false", "closed": "true"}, ReadDeal("lost", 1790899200.0, 1200.0)),
        ({"won": False, "closed": False}, ReadDeal("open", 1790812800.0, 1200.0)),
        ({}, None),
    ],
)
def test_deals(fields, expected):
    """Won, else lost, else open, each with its own date; without any flag the status is unknown."""
    dated = {"created": "2026-10-01", "closed_on": "2026-10-02", "amount": "1,200.00"}
    assert expected == read_record(DEAL, {**dated, **fields}).deal


def test_fields_to_ask_for():
    """Every field read, written or compared is asked for once; only those of optional rules may lack."""
    assert (
        (
            "converted", "country", "email", "email2", "first", "industry", "kind", "last", "last_open",
            "last_visit", "optout", "size", "stage", "status", "title", "visits",
        ),
        ("kind", "last_open"),
    ) == (CONTACT.fields, CONTACT.optional_fields)  # fmt: skip


def test_a_field_that_another_rule_needs_is_not_optional():
    """Optional in one rule and needed by another is needed."""
    extra = FactRule("person.need", "country", "text", optional=True)
    assert "country" not in replace(CONTACT, facts=(*CONTACT.facts, extra)).optional_fields


@pytest.mark.parametrize(
    ("value", "expected"), [(True, True), ("true", True), (False, False), (None, False)]
)
def test_frozen_records(value, expected):
    """A record that its vendor holds read-only is recognised."""
    assert expected is is_frozen(CONTACT, {"converted": value})


def test_an_object_without_condition_is_never_frozen():
    """No condition freezes nothing."""
    assert is_frozen(DEAL, {"won": True}) is False


def test_choices_of_a_stage():
    """A table gives API values in order; without one the stage's id is the value."""
    rule = WriteRule("status", "stage.lead", values={"open": ("Open", "New")})
    assert (("Open", "New"), (), ("open",)) == (
        rule.choices("open"),
        rule.choices("none"),
        replace(rule, values=None).choices("open"),
    )


def test_vocabulary_of_a_write():
    """Only a stage has a vocabulary."""
    assert ("lead", "") == (
        WriteRule("a", "stage.lead").vocabulary,
        WriteRule("b", "score.interest").vocabulary,
    )
