"""The definitions that ship: the figures of the written definition, one by one."""

import importlib.util
import re
from dataclasses import replace
from pathlib import Path

import pytest

from stagesync.domain.condition import FactIn, StageIn
from stagesync.domain.policy import CountsFor, Follows, SameEvent
from stagesync.loading.definitions import load_definitions, shipped_mappings
from stagesync.loading.mapping import load_mapping
from stagesync.loading.policy import load_policy

AXES = {
    "fit": "unknown outside inside",
    "interest": "none passive gesture request",
    "qualification": "none started ready",
    "need": "unknown known",
    "sales": "none contacted accepted opportunity won",
    "loyalty": "none repeat advocate",
    "disposition": "active nurture lost disqualified churned",
}

# points, window, half-life, cap, floor; days
INTEREST = {
    "page_view site_visit": (1, 90, 14, 10, None),
    "pricing_view": (8, 90, 14, 24, None),
    "email_open": (1, 90, 14, 5, None),
    "email_click": (4, 90, 21, 16, None),
    "social_follow social_reaction": (3, 180, 30, 9, None),
    "event_met": (10, 180, 60, 20, None),
    "newsletter_signup": (10, 365, 90, 10, None),
    "content_download": (15, 180, 45, 45, None),
    "webinar_attended webinar_registered": (20, 180, 45, 40, None),
    "contact_form inbound_call": (30, 180, 30, 60, None),
    "quote_request trial_signup": (40, 180, 30, 80, None),
    "demo_request": (50, 180, 45, 100, None),
    "meeting sales_email_reply": (25, 180, 30, 75, None),
    "unsubscribe": (-25, 365, None, None, -25),
}

# Lowest first; then what is off the ladder.
LADDERS = {
    "standard": (
        "contact target visitor engaged lead qualified accepted opportunity client loyal advocate",
        "former_client",
    ),
    "target-first": ("target_prospect lead prospect client", "unqualified_lead outside"),
    "inbound-funnel": ("prospect cold_lead hot_lead client loyal_client ambassador", ""),
    "btob-scoring": ("suspect lead prospect client", "outside"),
    "need-identified": ("internet_user lead prospect client ambassador", "abandoned_lead"),
    "buyer-journey": ("visitor lead prospect qualified_prospect client", "outside"),
    "hubspot": (
        "lead marketingqualifiedlead salesqualifiedlead opportunity customer evangelist",
        "none",
    ),
    "hubspot_lead_status": ("OPEN_DEAL BAD_TIMING UNQUALIFIED", "none"),
    "salesforce_lead": ("open working nurturing closed_not_converted", "none"),
    "salesforce_account": ("prospect customer", "none"),
}

# First match from the top.
ORDERS = {
    "standard": "former_client advocate loyal client opportunity accepted qualified lead engaged visitor target contact",
    "target-first": "client unqualified_lead prospect lead target_prospect outside",
    "inbound-funnel": "ambassador loyal_client client hot_lead cold_lead prospect",
    "btob-scoring": "client prospect lead suspect outside",
    "need-identified": "ambassador client prospect abandoned_lead lead internet_user",
    "buyer-journey": "client qualified_prospect prospect lead visitor outside",
    "hubspot": "evangelist customer opportunity salesqualifiedlead marketingqualifiedlead lead none",
    "hubspot_lead_status": "UNQUALIFIED BAD_TIMING OPEN_DEAL none",
    "salesforce_lead": "closed_not_converted nurturing working open none",
    "salesforce_account": "customer prospect none",
}


@pytest.fixture(scope="module")
def shipped():
    return load_definitions(shipped_mappings())


def score(policy, name):
    return next(one for one in policy.scores if one.name == name)


def test_the_axes_and_their_levels(shipped):
    """Seven axes, their levels lowest first."""
    assert AXES == {axis.name: " ".join(axis.level_names) for axis in shipped.policy.axes}


def test_every_axis_has_its_question_in_two_languages(shipped):
    """A bare word can be asked about in English and in French."""
    assert [{"en", "fr"}] * 7 == [set(axis.question) for axis in shipped.policy.axes]


def test_the_interest_rules(shipped):
    """Each line of the table of points, and a sum that is never below zero."""
    interest = score(shipped.policy, "interest")
    found = {
        " ".join(sorted(rule.types)): (
            rule.points,
            rule.within_days,
            rule.half_life_days,
            rule.cap,
            rule.floor,
        )
        for rule in interest.rules
    }
    assert (INTEREST, 0.0) == (found, interest.at_least)


def test_the_fit_points(shipped):
    """A hundred points for a person, seventy-five for an account, and two criteria without points."""
    person = [rule.points for rule in score(shipped.policy, "fit").rules]
    (account,) = shipped.policy.accounts.scores
    assert ([30, 25, 25, 20, 0, 0], [30, 25, 20]) == (
        person,
        [rule.points for rule in account.rules],
    )


def test_the_country_falls_back_to_the_accounts(shipped):
    """The account's country counts while the person's is missing."""
    (country,) = [
        rule.when for rule in score(shipped.policy, "fit").rules if rule.name == "country"
    ]
    assert isinstance(country, FactIn)
    assert ("person.country", "account.country") == country.fact.names
    assert {
        "FR",
        "BE",
        "CH",
        "LU",
        "DE",
        "GB",
        "IE",
        "NL",
        "ES",
        "IT",
        "US",
        "CA",
    } == country.values


def test_every_activity_type_of_the_definition_is_known(shipped):
    """Types that score, types that only raise a level, and no others."""
    scored = {name for types in INTEREST for name in types.split()}
    others = {"call_logged", "sales_email_sent", "quote_sent", "referral", "review", "testimonial"}
    assert scored | others == shipped.policy.activities


def test_how_accounts_follow_their_people(shipped):
    """Fit and disposition are the account's own, sales is both, the rest follows its people."""
    own, people, both = Follows.OWN, Follows.PEOPLE, Follows.BOTH
    assert [own, people, people, people, both, people, own] == [
        axis.follows for axis in shipped.policy.accounts.axes
    ]


def test_meetings_told_twice_and_deals_without_contact(shipped):
    """Fifteen minutes make one meeting; a won deal without contact counts for the account's people."""
    assert SameEvent(frozenset({"meeting", "call_logged"}), 900.0) == shipped.policy.same_event
    assert {"open": CountsFor.NOBODY, "lost": CountsFor.NOBODY, "won": CountsFor.ACCOUNT} == dict(
        shipped.policy.contactless_deals
    )


def test_the_stages_in_order(shipped):
    """Every stage of every vocabulary, first match from the top."""
    assert ORDERS == {
        name: " ".join(stage.id for stage in one.stages)
        for name, one in shipped.vocabularies.items()
    }


@pytest.mark.parametrize("name", LADDERS)
def test_the_ladder(shipped, name):
    """Ranks from 0 at the lowest stage, and the stages off the ladder."""
    stages = shipped.vocabularies[name].stages
    on = sorted((stage for stage in stages if stage.rank is not None), key=lambda stage: stage.rank)
    off = [stage.id for stage in stages if stage.rank is None]
    assert list(range(len(on))) == [stage.rank for stage in on]
    assert LADDERS[name] == (" ".join(stage.id for stage in on), " ".join(off))


def test_labels_are_french_and_english(shipped):
    """Every vocabulary, stage and note speaks both languages."""
    for one in shipped.vocabularies.values():
        assert {"en", "fr"} == set(one.labels)
        for stage in one.stages:
            assert {"en", "fr"} == set(stage.labels)
            assert set(stage.note) in (set(), {"en", "fr"})


def test_two_senses_of_prospect_share_a_french_label(shipped):
    """Target-first keeps one word for two senses and tells them apart by their notes."""
    senses = [
        shipped.vocabularies["target-first"].stage(one) for one in ("prospect", "target_prospect")
    ]
    assert ["Prospect", "Prospect"] == [stage.labels["fr"] for stage in senses]
    assert 2 == len({stage.note["fr"] for stage in senses})


def test_the_sources_of_the_five_published_vocabularies(shipped):
    """Each names its article."""
    five = ("target-first", "inbound-funnel", "btob-scoring", "need-identified", "buyer-journey")
    sources = [shipped.vocabularies[name].source for name in five]
    assert [0, 1, 2, 3, 4] == [int(source[:3]) for source in sources]
    assert all(re.fullmatch(r"\d{3}_[0-9a-f]{16}", source) for source in sources)


def test_what_counts_and_who_hands_over(shipped):
    """MQL, SQL and the hand-over to sales, per vocabulary."""
    found = {
        (name, stage.id): (stage.treatment.get("counts_as"), stage.treatment.get("handover"))
        for name, one in shipped.vocabularies.items()
        for stage in one.stages
        if {"counts_as", "handover"} & set(stage.treatment)
    }
    assert {
        ("standard", "qualified"): ("mql", None),
        ("standard", "accepted"): ("sql", True),
        ("target-first", "lead"): ("mql", None),
        ("target-first", "prospect"): (None, True),
        ("btob-scoring", "prospect"): (None, True),
        ("buyer-journey", "qualified_prospect"): (None, True),
        ("buyer-journey", "prospect"): ("sql", None),
        ("hubspot", "marketingqualifiedlead"): ("mql", None),
        ("hubspot", "salesqualifiedlead"): ("sql", None),
    } == found


def test_every_standard_stage_but_former_client_has_its_treatment(shipped):
    """Content and what must never be done, for each stage of the ladder."""
    stages = shipped.vocabularies["standard"].stages
    assert ["former_client"] == [stage.id for stage in stages if "content" not in stage.treatment]
    visitor = shipped.vocabularies["standard"].stage("visitor").treatment
    assert [("priced_offer", ["quote_sent"]), ("mail_flood", ["sales_email_sent"])] == [
        (never["id"], never.get("seen_as")) for never in visitor["never"]
    ]


def test_no_contact_comes_before_every_treatment(shipped):
    """Who must not be contacted gets nothing, then who is nurtured or disqualified gets nurturing."""
    overrides = shipped.vocabularies["standard"].overrides
    assert ["none", "nurturing", "nurturing"] == [one.treatment["content"] for one in overrides]
    assert [14.0, 14.0] == [one.treatment["contact_again_after_days"] for one in overrides[1:]]


def test_every_axis_and_level_has_both_labels(shipped):
    """What people read in the CRM is there in English and French, for the axes and all their levels."""
    lacking = [
        one
        for axis in shipped.policy.axes
        for one in (axis, *axis.levels)
        if {"en", "fr"} != one.labels.keys()
    ]
    assert [] == lacking


def test_crm_vocabularies_speak_through_standard(shipped):
    """HubSpot's customer is whoever standard calls loyal, client or former client."""
    customer = shipped.vocabularies["hubspot"].stage("customer")
    assert StageIn("standard", frozenset({"loyal", "client", "former_client"})) == customer.when


def test_an_account_may_be_a_prospect_by_its_fit(shipped):
    """One stage of all vocabularies differs for accounts."""
    assert [("btob-scoring", "prospect")] == [
        (name, stage.id)
        for name, one in shipped.vocabularies.items()
        for stage in one.stages
        if stage.accounts_also is not None
    ]


def test_the_digest_follows_the_content_and_not_the_letters(tmp_path, shipped):
    """Comments, order of names in a list and wording of questions and labels do not count; a point does."""
    text = (shipped_mappings() / "policy.yaml").read_text(encoding="utf-8")
    same = (
        re.sub(r"#.*", "", text)
        .replace("[FR, BE,", "[BE, FR,")
        .replace("Do we know", "Is it clear")
        .replace("inside the target", "in our market")
    )
    other = text.replace("points: 30", "points: 31", 1)
    digests = []
    for name, content in (("same.yaml", same), ("other.yaml", other)):
        (tmp_path / name).write_text(content, encoding="utf-8")
        digests.append(load_policy(tmp_path / name).digest)
    assert [True, False] == [digest == shipped.policy.digest for digest in digests]
    assert 64 == len(shipped.policy.digest)


def test_the_file_says_what_was_written_by_hand_from_the_definition(shipped):
    """The YAML equals the policy that the domain's tests build in Python, name by name."""
    path = Path(__file__).parents[1] / "domain" / "standard.py"
    spec = importlib.util.spec_from_file_location("standard_by_hand", path)
    by_hand = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(by_hand)
    assert replace(by_hand.STANDARD, digest=shipped.policy.digest) == shipped.policy


@pytest.mark.parametrize(
    ("connector", "expected"),
    [
        ("hubspot", {"contact": "referred_by"}),
        ("salesforce", {"lead": "Referred_By__c", "contact": "Referred_By__c"}),
        ("sql", {"contact": "referred_by"}),
    ],
)
def test_every_mapping_reads_who_referred_somebody(shipped, connector, expected):
    """Where a CRM has the field; without it the fact is missing and nothing stops."""
    path = shipped_mappings() / f"{connector}.yaml"
    mapping = load_mapping(path, vocabularies=shipped.vocabularies, policy=shipped.policy)
    rules = [
        (name, rule)
        for name, each in mapping.objects.items()
        for rule in each.facts
        if rule.fact == "person.referred_by"
    ]
    assert expected == {name: rule.field for name, rule in rules}
    assert {True} == {rule.optional for _, rule in rules}
