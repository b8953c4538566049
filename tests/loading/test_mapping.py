"""Mapping files: what is read from them, and everything that is refused at once, with its line."""

from functools import cache
from pathlib import Path

import pytest

from stagesync.domain.mapping import FactRule, Scope, WriteRule, is_frozen, read_record
from stagesync.errors import DefinitionError
from stagesync.loading.definitions import load_definitions
from stagesync.loading.mapping import load_mapping

MAPPINGS = Path(__file__).parents[2] / "mappings"

SMALL = """\
connector: toy
version: 3
empty_values: ["N/A", "-"]
person:
  identity: {email: [mail, mail2], first_name: first, last_name: last}
  facts:
    person.country: {from: land, as: country_code}
    person.nurture: [{from: status, is: [Later, yes], set_by: people}, {from: parked, as: flag, optional: yes}]
    account.industry: {from: trade, as: industry, values: {Toys: retail, Misc: }}
  activities:
    site_visit: {at: seen, when_changes: visits}
  frozen_when: {closed: yes}
  writes:
    stage: {value: stage.standard, owner: ours}
    points: {value: score.interest, owner: ours, only_with: stage}
    status:
      value: stage.hubspot_lead_status
      owner: vendor
      mode: forward
      may_replace: ["", New]
      values: {UNQUALIFIED: [Dead], BAD_TIMING: [Later, Parked], OPEN_DEAL: []}
firm:
  identity: {domain: site}
  people:
    person.churned: {from: left, as: flag}
  writes:
    stage: {value: stage.standard, owner: ours}
link:
"""


@cache
def definitions():
    return load_definitions(MAPPINGS)


def load(path):
    found = definitions()
    return load_mapping(path, vocabularies=found.vocabularies, policy=found.policy)


def load_text(tmp_path, text):
    path = tmp_path / "toy.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def problems_of(tmp_path, text):
    """(line, path, message) of every problem."""
    with pytest.raises(DefinitionError) as caught:
        load_text(tmp_path, text)
    return [(one.line, one.path, one.message) for one in caught.value.problems]


def test_head_and_objects(tmp_path):
    """Connector, version and objects are read; a blank object is there for its links only."""
    mapping = load_text(tmp_path, SMALL)
    assert ("toy", 3, ["person", "firm", "link"], ()) == (
        mapping.connector,
        mapping.version,
        list(mapping.objects),
        mapping.objects["link"].fields,
    )


def test_facts(tmp_path):
    """Each way to read a fact becomes a rule; a spoken flag fits both spellings."""
    assert (
        FactRule("person.country", "land", "country_code"),
        FactRule("person.nurture", "status", is_values=frozenset({"later", "yes", "true"}), set_by="people"),
        FactRule("person.nurture", "parked", "flag", optional=True),
        FactRule("account.industry", "trade", "industry", values={"toys": "retail", "misc": None}),
    ) == load_text(tmp_path, SMALL).objects["person"].facts  # fmt: skip


def test_writes(tmp_path):
    """Own fields and a vendor's field become rules of a person."""
    assert (
        WriteRule("stage", "stage.standard"),
        WriteRule("points", "score.interest", only_with="stage"),
        WriteRule(
            "status",
            "stage.hubspot_lead_status",
            owner="shared",
            vendor=True,
            forward=True,
            may_replace=("", "New"),
            values={"UNQUALIFIED": ("Dead",), "BAD_TIMING": ("Later", "Parked"), "OPEN_DEAL": ()},
        ),
    ) == load_text(tmp_path, SMALL).objects["person"].writes


def test_an_account_writes_its_own_stage(tmp_path):
    """What has no e-mail is an account: its writes take the account's stage."""
    assert [True] == [rule.accounts for rule in load_text(tmp_path, SMALL).objects["firm"].writes]


def test_a_loaded_mapping_reads_records(tmp_path):
    """The file's empty values and conditions reach the reading of a record."""
    person = load_text(tmp_path, SMALL).objects["person"]
    fields = {"mail": "n/a", "mail2": "A@b.fr", "land": "Suisse", "closed": True}
    read = read_record(person, fields)
    assert ("a@b.fr", {"country": "CH"}, True) == (
        read.email,
        read.person,
        is_frozen(person, fields),
    )


def test_digest_follows_the_content(tmp_path):
    """A comment leaves the digest as it is; another value changes it."""
    digest = load_text(tmp_path, SMALL).digest
    commented = load_text(tmp_path, "# hello\n" + SMALL).digest
    changed = load_text(tmp_path, SMALL.replace("New]", "Old]")).digest
    assert (True, False) == (digest == commented, digest == changed)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("connector: toy\n", "", (1, "", "`connector` is missing")),
        ("version: 3", "version: three", (2, "version", "whole number")),
        ("link:", "empty_value: x", (28, "empty_value", "must be connector, version, empty_values, or an object")),
        ("  frozen_when", "  frozen_if", (12, "person.frozen_if", "unknown key `frozen_if`, did you mean `frozen_when`?")),
        ("{email: [mail, mail2], ", "{", (5, "person.identity", "name `email` for people or `domain` for accounts")),
        ("{email: [mail, mail2], ", "{domain: x, ", (6, "person.facts", "`person.country` is a fact of a person")),
        ("person.country:", "person.contry:", (7, "person.facts.person.contry", "did you mean `person.country`?")),
        ("as: country_code", "as: countrycode", (7, "person.facts.person.country.as", "unknown transform `countrycode`")),
        ("as: country_code", "as: number", (7, "person.facts.person.country.as", "`number` gives a number; `person.country` is of kind text")),
        (", as: country_code", "", (7, "person.facts.person.country", "say how to read it")),
        ("as: country_code", "is: FR", (7, "person.facts.person.country.is", "this fact is of kind text")),
        ("is: [Later, yes]", "is: Later, as: flag", (8, "person.facts.person.nurture[0].is", "stands alone")),
        ("is: [Later, yes]", "is: []", (8, "person.facts.person.nurture[0].is", "must list at least one value")),
        ("set_by: people", "set_by: us", (8, "person.facts.person.nurture[0].set_by", "unknown editor `us`; known: people")),
        (", set_by: people", "", (8, "person.facts.person.nurture", "a computed value would feed itself for ever")),
        ("Misc: }", "TOYS: }", (9, "person.facts.account.industry.values.TOYS", "case does not tell values apart")),
        ("site_visit:", "sitevisit:", (11, "person.activities.sitevisit", "did you mean `site_visit`?")),
        ("at: seen, ", "", (11, "person.activities.site_visit", "`at` is missing")),
        ("when_changes: visits", "when: {stage: x}", (10, "person.activities", "reads `stage`, which this mapping writes")),
        ("{closed: yes}", "{}", (12, "person.frozen_when", "must name a field and its values")),
        ("stage.standard, owner: ours}\n    points", "stage.standart, owner: ours}\n    points", (14, "person.writes.stage.value", "did you mean `standard`?")),
        ("score.interest", "score.intrest", (15, "person.writes.points.value", "did you mean `interest`?")),
        ("score.interest", "level.fat", (15, "person.writes.points.value", "unknown axis `fat`, did you mean `fit`?")),
        ("score.interest", "reasons", (15, "person.writes.points.value", "did you mean `reason`?")),
        ("    stage: {value: stage.standard, owner: ours}\nlink", "    stage: {value: next_contact, owner: ours}\nlink", (27, "firm.writes.stage.value", "unknown value `next_contact`")),
        ("score.interest", "fit", (15, "person.writes.points.value", "unknown value `fit`")),
        ("only_with: stage", "only_with: stge", (15, "person.writes.points.only_with", "did you mean `stage`?")),
        ("only_with: stage", "only_with: points", (15, "person.writes.points.only_with", "unknown written field `points`")),
        ("only_with: stage", "mode: forward", (15, "person.writes.points.mode", "is for stages only")),
        ("only_with: stage", "may_replace: x", (15, "person.writes.points.may_replace", "nobody else writes a field of ours")),
        ("owner: ours, only_with", "only_with", (15, "person.writes.points", "`owner` is missing")),
        ("owner: vendor", "owner: hubspot", (18, "person.writes.status.owner", "unknown owner `hubspot`; known: ours, shared, vendor")),
        ("mode: forward", "mode: upward", (19, "person.writes.status.mode", "unknown mode `upward`")),
        ("only_with: stage", "mode: follow", (15, "person.writes.points.mode", "is for stages only")),
        ("stage.standard, owner: ours}\n    points", "stage.standard, owner: ours, mode: follow}\n    points", (14, "person.writes.stage.mode", "only a vendor's field needs it")),
        ('      may_replace: ["", New]\n', "", (16, "person.writes.status", "a vendor's field needs `may_replace`")),
        ("{UNQUALIFIED: [Dead]", "{UNQUALIFED: [Dead]", (21, "person.writes.status.values.UNQUALIFED", "did you mean `UNQUALIFIED`?")),
        ("{UNQUALIFIED: [Dead], ", "{", (21, "person.writes.status.values", "no value for UNQUALIFIED; write []")),
        ("as: country_code", "as: country_code, false_counts: yes", (7, "person.facts.person.country.false_counts", "is for flags; this fact is of kind text")),
        ("person.country: {from: land, as: country_code}", "account.employees: {from: land, values: {a: many}}", (7, "person.facts.account.employees.values.a", "must be a number, not `many`")),
        ("person.country: {from: land, as: country_code}", "person.churned: {from: land, values: {a: perhaps}}", (7, "person.facts.person.churned.values.a", "must be yes or no, not `perhaps`")),
        ("person.country: {from: land, as: country_code}", "person.nurture_since: {from: land, values: {a: x}}", (7, "person.facts.person.nurture_since.values.a", "an instant is read by `as: instant`")),
        ("person.country: {from: land, as: country_code}", "person.country: {from: land, values: {}}", (7, "person.facts.person.country.values", "must hold at least one value")),
        ("  people:", "  facts: {person.need: {from: x, as: text}}\n  people:", (24, "firm.facts", "`person.need` is a fact of a person")),
        ("  frozen_when", "  people: {person.need: {from: x, as: text}}\n  frozen_when", (12, "person.people", "only an account has people")),
        ("value: stage.hubspot_lead_status", "value: score.interest", (18, "person.writes.status.owner", "a vendor's field takes a stage")),
        ("[mail, mail2]", "[mail, mail]", (5, "person.identity.email[1]", "`mail` stands here twice")),
        ("[mail, mail2]", "[mail, {}]", (5, "person.identity.email[1]", "must be a text")),
        ("person.churned: {from", "account.churned: {from", (24, "firm.people", "is no fact of a person")),
        ("  identity: {domain: site}\n", "", (25, "firm.writes", "no `identity` says")),
    ],
)  # fmt: skip
def test_problems(tmp_path, old, new, expected):
    """Each mistake is named with its line, its place and what is known there."""
    line, path, message = expected
    found = problems_of(tmp_path, SMALL.replace(old, new, 1))
    places = [(one_line, one_path) for one_line, one_path, text in found if message in text]
    assert [(line, path)] == places


def test_all_problems_at_once(tmp_path):
    """A file with several mistakes is refused with all of them."""
    text = (
        SMALL.replace("version: 3", "version: x")
        .replace("site_visit", "visit_site")
        .replace("score.", "scores.")
    )
    assert [2, 11, 15] == sorted(line for line, _, _ in problems_of(tmp_path, text))


def test_a_file_without_objects_is_refused(tmp_path):
    """A head alone maps nothing."""
    found = problems_of(tmp_path, "connector: toy\nversion: 1\n")
    assert [(1, "", "maps no object")] == found


def test_an_unreadable_file_is_one_problem(tmp_path):
    """A missing file and a file that is no mapping are refused, not raised."""
    with pytest.raises(DefinitionError, match="does not exist"):
        load(tmp_path / "none.yaml")
    assert ["must be `key: value` pairs"] == [
        message for _, _, message in problems_of(tmp_path, "- a")
    ]


@pytest.mark.parametrize(
    "value",
    [
        "level.fit",
        "previous_stage",
        "reason",
        "changed_at",
        "content",
        "next_contact",
        "accept_by",
        "do_not_contact",
        "never",
    ],
)
def test_what_can_be_written_beside_stages(tmp_path, value):
    """Every value that is no stage may be written to a person, alone or with the stage."""
    read = load_text(tmp_path, SMALL.replace("score.interest", value)).objects["person"]
    assert WriteRule("points", value, only_with="stage") == read.writes[1]


def test_a_chain_of_companions_is_refused(tmp_path):
    """`only_with` names a field that is written on its own."""
    text = SMALL.replace("owner: ours, only_with: stage", "owner: ours, only_with: status", 1)
    text = text.replace("      mode: forward", "      only_with: stage")
    assert ["`status` itself is written only with `stage`"] == [
        message for _, _, message in problems_of(tmp_path, text)
    ]


@pytest.mark.parametrize("name", ["hubspot", "salesforce"])
def test_shipped_mappings_load(name):
    """The shipped mappings name only what the shipped policy and vocabularies know."""
    assert name == load(MAPPINGS / f"{name}.yaml").connector


def test_shipped_own_stage_is_the_same_everywhere():
    """Every own stage field of both CRMs carries the standard vocabulary."""
    rules = [
        rule
        for name in ("hubspot", "salesforce")
        for mapped in load(MAPPINGS / f"{name}.yaml").objects.values()
        for rule in mapped.writes
        if rule.owner == "ours" and rule.vocabulary
    ]
    assert ["stage.standard"] * 5 == [rule.value for rule in rules]


def test_no_text_of_people_is_asked_for():
    """No body, note, subject or description is among the fields of the shipped mappings."""
    asked = {
        field.lower()
        for name in ("hubspot", "salesforce")
        for mapped in load(MAPPINGS / f"{name}.yaml").objects.values()
        for field in mapped.fields
    }
    private = ("body", "note", "subject", "description", "comment", "title_text", "recording")
    assert [] == [field for field in sorted(asked) if any(word in field for word in private)]


def activity_of(name, mapped, fields):
    """(type, took place) of each activity that the shipped mapping reads."""
    read = read_record(load(MAPPINGS / f"{name}.yaml").objects[mapped], fields)
    return [(activity.type, activity.took_place) for activity in read.activities]


AT = "2026-10-01T10:00:00Z"


@pytest.mark.parametrize(
    ("name", "mapped", "fields", "expected"),
    [
        ("hubspot", "meeting", {"hs_meeting_start_time": AT, "hs_meeting_outcome": "COMPLETED"}, [("meeting", True)]),
        ("hubspot", "meeting", {"hs_meeting_start_time": AT, "hs_meeting_outcome": "SCHEDULED"}, [("meeting", True)]),
        ("hubspot", "meeting", {"hs_timestamp": AT, "hs_meeting_outcome": None}, [("meeting", True)]),
        ("hubspot", "meeting", {"hs_meeting_start_time": AT, "hs_meeting_outcome": "NO_SHOW"}, [("meeting", False)]),
        ("hubspot", "call", {"hs_timestamp": AT, "hs_call_direction": "INBOUND"}, [("inbound_call", True)]),
        ("hubspot", "call", {"hs_timestamp": AT, "hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED"}, [("call_logged", True)]),
        ("hubspot", "call", {"hs_timestamp": AT, "hs_call_direction": "OUTBOUND", "hs_call_status": "NO_ANSWER"}, []),
        ("hubspot", "contact", {"recent_conversion_date": AT, "num_conversion_events": "2"}, [("contact_form", True)]),
        ("salesforce", "task", {"TaskSubtype": "Call", "IsClosed": True, "CallType": "Inbound", "ActivityDate": "2026-10-01"}, [("inbound_call", True)]),
        ("salesforce", "task", {"TaskSubtype": "Call", "IsClosed": True, "CallType": None, "CompletedDateTime": AT}, [("call_logged", True)]),
        ("salesforce", "task", {"TaskSubtype": "Call", "IsClosed": False, "CallType": None, "ActivityDate": "2026-10-01"}, []),
        ("salesforce", "task", {"TaskSubtype": "Call", "IsClosed": True, "CallType": "Internal", "CompletedDateTime": AT}, []),
        ("salesforce", "task", {"TaskSubtype": "Email", "IsClosed": True, "CompletedDateTime": AT}, [("sales_email_sent", True)]),
        ("salesforce", "event", {"StartDateTime": AT}, [("meeting", True)]),
        ("salesforce", "campaign_member", {"Campaign.Type": "Webinar", "Status": "Attended", "HasResponded": True, "CreatedDate": AT}, [("webinar_attended", True)]),
        ("salesforce", "campaign_member", {"Campaign.Type": "Webinar", "Status": "Registered", "HasResponded": True, "CreatedDate": AT}, [("webinar_registered", True)]),
        ("salesforce", "campaign_member", {"Campaign.Type": "Webinar", "Status": "No Show", "HasResponded": False, "CreatedDate": AT}, [("webinar_registered", True)]),
        ("salesforce", "campaign_member", {"Campaign.Type": "Webinar", "Status": "Invited", "HasResponded": False, "CreatedDate": AT}, []),
        ("salesforce", "campaign_member", {"Campaign.Type": "Trade Show", "HasResponded": True, "FirstRespondedDate": "2026-10-01"}, [("event_met", True)]),
        ("salesforce", "campaign_member", {"Campaign.Type": "Referral Program", "HasResponded": True, "CreatedDate": AT}, [("referral", True)]),
        ("salesforce", "campaign_member", {"Campaign.Type": "Telemarketing", "HasResponded": True, "CreatedDate": AT}, []),
    ],
)  # fmt: skip
def test_shipped_activities(name, mapped, fields, expected):
    """What the shipped mappings take for an activity, and what for none."""
    assert expected == activity_of(name, mapped, fields)


@pytest.mark.parametrize(
    ("mapped", "fields", "ours", "expected"),
    [
        ("lead", {"IsConverted": True, "Status": "Closed - Converted"}, {}, {"sales_accepted": True}),
        ("lead", {"IsConverted": False, "Status": "Unqualified"}, {}, {"disqualified": True}),
        ("lead", {"Status": "Unqualified"}, {"Status": "Unqualified"}, {}),
        ("lead", {"Status": "Nurturing", "Relationship__c": "student"}, {}, {"nurture": True, "excluded": True}),
        ("contact", {"HasOptedOutOfEmail": True, "Title": "PDG"}, {}, {"do_not_contact": True, "title": "PDG", "seniority": "c_level", "function": "general_management"}),
    ],
)  # fmt: skip
def test_shipped_salesforce_facts(mapped, fields, ours, expected):
    """What people set counts, what stagesync wrote does not."""
    record = load(MAPPINGS / "salesforce.yaml").objects[mapped]
    assert expected == dict(read_record(record, fields, ours).person)


def test_shipped_hubspot_ignores_its_own_echo():
    """A stage and a status that stagesync wrote into HubSpot set no fact; the same by people do."""
    contact = load(MAPPINGS / "hubspot.yaml").objects["contact"]
    fields = {"lifecyclestage": "salesqualifiedlead", "hs_lead_status": "BAD_TIMING"}
    assert ({"sales_accepted": True, "nurture": True}, {}) == (
        read_record(contact, fields).person,
        read_record(contact, fields, fields).person,
    )


def test_a_scope_is_read(tmp_path):
    """Each condition of a scope arrives, folded as records are compared."""
    scope = (
        "  scope: {where: {owner: [7, '']}, unless: {kind: Intern}, email_domain: '@Firm.example',"
        " not_email_domain: [a.example, b.example], created_after: 2026-01-01T00:00:00Z,"
        ' list: [Clients, "12"], not_list: Staff}\n'
    )
    text = SMALL.replace("  frozen_when: {closed: yes}\n", scope)
    person = load_text(tmp_path, text).objects["person"]
    assert person.scope == Scope(
        where={"owner": frozenset({"7", ""})},
        unless={"kind": frozenset({"intern"})},
        domains=("firm.example",),
        not_domains=("a.example", "b.example"),
        created_after_s=1767225600.0,
        lists=("Clients", "12"),
        not_lists=("Staff",),
    )
    assert {"owner", "kind"} <= set(person.fields)


def test_a_broken_scope_is_refused(tmp_path):
    """An unknown key, an instant without zone, and a scope of an object that is not written."""
    text = SMALL.replace(
        "  frozen_when: {closed: yes}\n", "  scope: {lists: x, created_after: 2026}\n"
    )
    text = text.replace("link:\n", "link:\n  scope: {where: {a: b}}\n")
    assert [
        (12, "person.scope.lists"),
        (12, "person.scope.created_after"),
        (29, "link.scope"),
    ] == [(line, path) for line, path, _ in problems_of(tmp_path, text)]


@pytest.mark.parametrize(
    ("mode", "is_forward"),
    [("      mode: forward\n", True), ("      mode: follow\n", False), ("", True)],
    ids=["forward", "follow", "unsaid"],
)
def test_vendor_field_goes_forward_unless_it_follows(tmp_path, mode, is_forward):
    """A vendor's field goes back only where its rule says `follow`; saying nothing says forward."""
    text = SMALL.replace("      mode: forward\n", mode)
    rule = load_text(tmp_path, text).objects["person"].writes[-1]
    assert ("status", is_forward) == (rule.field, rule.forward)


def test_backward_names_axes_and_how_long(tmp_path):
    """`at once` is no wait, days are seconds; a rule that says nothing never goes back."""
    backward = "      backward: {interest: at once, sales: after 30 days, need: after 1 day, fit: after 2d}\n"
    found = [
        load_text(tmp_path, SMALL.replace("      mode: forward\n", mode))
        .objects["person"]
        .writes[-1]
        for mode in (backward, "      mode: forward\n" + backward, "")
    ]
    waits = {"interest": 0.0, "sales": 2_592_000.0, "need": 86_400.0, "fit": 172_800.0}
    assert [(True, waits), (True, waits), (True, None)] == [
        (rule.forward, rule.backward) for rule in found
    ]


@pytest.mark.parametrize(
    ("old", "new", "places"),
    [
        ("mode: forward", "backward: {mood: at once}", [(19, ".mood", "unknown axis `mood`; known: fit, interest, ")]),
        ("mode: forward", "backward: {need: soon, fit: 30}", [(19, ".need", "must be `at once` or `after N days`"), (19, ".fit", "must be `at once` or `after N days`")]),
        ("mode: forward", "backward: {need: after 0 days, fit: }", [(19, ".need", "must be `at once`"), (19, ".fit", "must be a text")]),
        ("mode: forward", "backward:", [(19, "", "must name an axis of the policy")]),
        ("mode: forward", "backward: {}", [(19, "", "must name an axis of the policy")]),
        ("mode: forward", "backward: at once", [(19, "", "must be `key: value` pairs")]),
        ("mode: forward", "mode: follow\n      backward: {need: at once}", [(20, "", "`mode: follow` goes back at once")]),
        ("owner: vendor", "owner: shared\n      backward: {need: at once}", [(19, "", "only a vendor's field needs it")]),
        ("only_with: stage}", "only_with: stage, backward: {need: at once}}", [(15, "", "is for stages only")]),
    ],
)  # fmt: skip
def test_a_broken_backward_is_refused_in_place(tmp_path, old, new, places):
    """Unknown axes, unreadable waits, and rules that need none are told with line and path."""
    found = problems_of(tmp_path, SMALL.replace(old, new, 1))
    told = [
        (line, path.rpartition("backward")[2], text)
        for line, path, text in found
        if "backward" in path
    ]
    assert [(line, path) for line, path, _ in places] == [(line, path) for line, path, _ in told]
    assert [text for *_, text in places] == [
        whole[: len(text)] for (*_, text), (*_, whole) in zip(places, told, strict=True)
    ]
