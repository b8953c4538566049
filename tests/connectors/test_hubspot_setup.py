"""What a HubSpot account says about its properties, and the making of our own."""

import time
from dataclasses import replace

import pytest

from stagesync.connector import FieldType, OwnField, RequestRefused, Write
from stagesync.sandbox.hubspot.model import Option

from .hubspot_account import account, small_account

STAGES = (("lead", "Lead"), ("client", "Client"))
STAGE = OwnField("contact", "stagesync_stage", "Stage", FieldType.CHOICE, options=STAGES)
FIELDS = [
    STAGE,
    replace(STAGE, object="company"),
    OwnField("contact", "stagesync_score", "Score", FieldType.NUMBER, decimals=1),
    OwnField("contact", "stagesync_changed_at", "Changed at", FieldType.INSTANT),
    OwnField("contact", "stagesync_reason", "Reason", FieldType.TEXT),
]


@pytest.fixture
def crm():
    with account(**small_account(time.time())) as opened:
        yield opened


def set_up(connector, fields):
    for step in connector.setup(fields):
        connector.make(step)


def test_description_costs_a_call_per_object(crm):
    """Six objects are described by six calls; what marketing events tell is known without one."""
    connector = crm.connect()
    connector.describe([one.name for one in connector.objects])
    assert 6 == connector.calls


@pytest.mark.parametrize(
    ("name", "kind", "writable"),
    [
        ("email", FieldType.TEXT, True),
        ("num_conversion_events", FieldType.NUMBER, False),
        ("hs_email_last_open_date", FieldType.INSTANT, False),
        ("hs_email_optout", FieldType.FLAG, False),
        ("hs_lead_status", FieldType.CHOICE, True),
        ("lifecyclestage", FieldType.CHOICE, True),
        ("hs_calculated_form_submissions", FieldType.CHOICES, False),
        ("hs_email_domain", FieldType.TEXT, False),
    ],
)
def test_properties_are_described_by_what_they_hold(crm, name, kind, writable):
    """Type, widget, read-only values and calculations decide."""
    field = crm.connect().describe(["contact"])["contact"].fields[name]
    assert (kind, writable) == (field.type, field.writable)


def test_lifecycle_stage_moves_forward_only_in_the_order_of_the_account(crm):
    """The stages of the account, an own numeric one among them, have ranks by its order."""
    held = crm.sim.portal.schemas["contacts"].properties["lifecyclestage"].options
    own = Option("123456", "Partner", 2)
    moved = tuple(replace(one, order=one.order + (one.order >= 2)) for one in held)
    crm.sim.portal.schemas["contacts"].options("lifecyclestage", (*moved, own))
    field = crm.connect().describe(["contact"])["contact"].fields["lifecyclestage"]
    assert (True, ["subscriber", "lead", "123456", "marketingqualifiedlead"], [0, 1, 2, 3]) == (
        field.forward_only,
        [one.value for one in field.options[:4]],
        [one.rank for one in field.options[:4]],
    )


def test_stage_that_an_admin_added_is_offered_and_written(crm):
    """A stage with a number for its id, made meanwhile by an admin, is in the next description and takes records."""
    connector = crm.connect()
    before = connector.describe(["contact"])["contact"].fields["lifecyclestage"].options
    kept = [{"value": one.value, "label": one.label} for one in before]
    options = [*kept, {"value": "87654321", "label": "Ambassador"}]
    crm.control("options", object="contacts", property="lifecyclestage", options=options)
    after = connector.describe(["contact"])["contact"].fields["lifecyclestage"].options
    (result,) = connector.write([Write("contact", "1", {"lifecyclestage": "87654321"})])
    assert ("87654321", len(before), None, "87654321") == (
        after[-1].value,
        after[-1].rank,
        result.refusal,
        crm.stored("contacts")["1"]["lifecyclestage"],
    )


def test_deal_has_the_flags_of_its_stage(crm):
    """The flags that come from the pipelines are described as flags that nobody can write."""
    fields = crm.connect().describe(["deal"])["deal"].fields
    got = {
        (fields[name].type, fields[name].writable) for name in ("stage_is_won", "stage_is_closed")
    }
    assert {(FieldType.FLAG, False)} == got


def test_empty_account_lacks_groups_first_and_then_every_field(crm):
    """The steps name everything to make, in an order in which it can be made."""
    steps = crm.connect().setup(FIELDS)
    assert [
        "group:contact",
        "group:company",
        "property:contact:stagesync_stage",
        "property:contact:stagesync_score",
        "property:contact:stagesync_changed_at",
        "property:contact:stagesync_reason",
        "property:company:stagesync_stage",
    ] == [step.key for step in steps]


def test_made_fields_are_as_asked_and_nothing_is_left_to_make(crm):
    """After making each step, a second setup finds nothing and the description shows the fields."""
    connector = crm.connect()
    set_up(connector, FIELDS)
    fields = connector.describe(["contact"])["contact"].fields
    got = [(fields[one.name].type, fields[one.name].writable) for one in FIELDS]
    assert ([], [(one.type, True) for one in FIELDS]) == (connector.setup(FIELDS), got)
    assert ["lead", "client"] == [one.value for one in fields["stagesync_stage"].options]


def test_made_fields_take_values(crm):
    """Each type of own field can be written and comes back."""
    connector = crm.connect()
    set_up(connector, FIELDS)
    values = {
        "stagesync_stage": "client",
        "stagesync_score": 41.5,
        "stagesync_changed_at": "2026-11-01T10:00:00Z",
        "stagesync_reason": "because",
    }
    (result,) = connector.write([Write("contact", "1", values)])
    (read,) = connector.read("contact", ["1"], list(values))
    assert (None, {**values, "stagesync_score": "41.5"}) == (result.refusal, dict(read.fields))


def test_missing_options_are_added_and_those_there_are_kept(crm):
    """An admin's own option survives the adding of ours."""
    set_up(crm.connect(), FIELDS)
    schema = crm.sim.portal.schemas["contacts"]
    held = schema.properties["stagesync_stage"].options
    schema.options("stagesync_stage", (held[0], Option("vip", "VIP", 5)))
    connector = crm.connect()
    (step,) = connector.setup(FIELDS)
    connector.make(step)
    values = {one.value for one in schema.properties["stagesync_stage"].options}
    assert ("options:contact:stagesync_stage", {"lead", "vip", "client"}, []) == (
        step.key,
        values,
        connector.setup(FIELDS),
    )


def test_field_that_somebody_else_makes_meanwhile_is_no_error(crm):
    """Two set-ups at a time end with one set of fields."""
    one, other = crm.connect(), crm.connect()
    steps = one.setup(FIELDS)
    set_up(other, FIELDS)
    for step in steps:
        one.make(step)
    assert [] == one.setup(FIELDS)


def test_lost_answer_to_a_creation_is_no_error(crm):
    """A field that was made although its answer got lost is found and taken."""
    connector = crm.connect()
    steps = connector.setup([STAGE])
    crm.sim.faults.add("cut_after", 1, "properties/2026-03/contacts")
    for step in steps:
        connector.make(step)
    assert [] == connector.setup([STAGE])


def test_field_of_another_type_is_refused_by_name(crm):
    """A text property in the place of our choice is the admin's to sort out."""
    crm.define("contacts", "stagesync_stage", kind="string", widget="text")
    connector = crm.connect()
    with pytest.raises(RequestRefused, match=r"stagesync_stage on contacts .* text, not choice"):
        connector.setup(FIELDS)


def test_looking_makes_nothing(crm):
    """Setup only says what it would make; the account is as before."""
    assert 7 == len(crm.connect().setup(FIELDS))
    assert "stagesync" not in crm.sim.portal.schemas["contacts"].groups


def test_address_of_a_record_is_known_after_the_check(crm):
    """The account's number comes with the one call of `check`."""
    connector = crm.connect()
    assert "" == connector.record_url("contact", "7")
    connector.check()
    portal = crm.sim.portal.portal_id
    assert (1, f"https://app.hubspot.com/contacts/{portal}/record/0-1/7") == (
        connector.calls,
        connector.record_url("contact", "7"),
    )
