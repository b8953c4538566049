"""`stagesync vocabulary`: list, classify, translate."""

import json

import pytest
from click.testing import CliRunner

from stagesync.cli import main


@pytest.fixture(autouse=True)
def _an_empty_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STAGESYNC_CONFIG", raising=False)


def vocabulary(*arguments):
    return CliRunner().invoke(main, ["vocabulary", *arguments])


def document(*arguments):
    return json.loads(vocabulary(*arguments, "--json").stdout)


def test_list_names_every_vocabulary_with_labels_source_and_stages():
    """Ten vocabularies; each stage has its labels and its treatment."""
    found = document("list")
    assert 10 == len(found)
    funnel = found["inbound-funnel"]
    assert ({"en": "Inbound funnel", "fr": "Entonnoir inbound"}, "001_97777e4852fbb0b9") == (
        funnel["labels"],
        funnel["source"],
    )
    accepted = next(one for one in found["standard"]["stages"] if one["id"] == "accepted")
    assert ("decision", True, {"en": "Accepted by sales", "fr": "Accepté par les commerciaux"}) == (
        accepted["treatment"]["content"],
        accepted["treatment"]["handover"],
        accepted["labels"],
    )


def test_list_is_plain_text_in_a_pipe():
    """One stage a line, tab-separated."""
    assert (
        "target-first\ttarget_prospect\tProspect (target)\tProspect\t0" in vocabulary("list").stdout
    )


def test_classify_gives_the_stage_of_every_vocabulary():
    """Axes not named take their lowest level."""
    found = document("classify", "interest=request", "fit=inside")
    assert {
        "standard": "lead",
        "target-first": "prospect",
        "inbound-funnel": "hot_lead",
        "btob-scoring": "suspect",
        "need-identified": "lead",
        "buyer-journey": "lead",
        "hubspot": "lead",
        "hubspot_lead_status": "none",
        "salesforce_lead": "open",
        "salesforce_account": "prospect",
    } == found


def test_classify_without_levels_is_the_lowest_position():
    """No argument at all is somebody of whom nothing is known."""
    assert "contact" == document("classify")["standard"]


def test_classify_reports_every_wrong_argument():
    """An unknown axis, an unknown level, a repeated axis and a missing sign, all at once."""
    result = vocabulary(
        "classify", "interst=request", "fit=insid", "need=known", "need=known", "sales"
    )
    assert 2 == result.exit_code
    assert [
        "unknown axis `interst`, did you mean `interest`? known: fit, interest, qualification, need, sales, loyalty, disposition",
        "unknown level of fit `insid`, did you mean `inside`? known: unknown, outside, inside",
        "axis `need` is given twice",
        "`sales` is not of the form AXIS=LEVEL",
    ] == result.stderr.splitlines()


def test_translate_gives_the_possible_stages_and_the_question_that_decides():
    """Buyer-journey's visitor is two stages of inbound-funnel, and interest decides."""
    found = document("translate", "visitor", "--from", "buyer-journey", "--to", "inbound-funnel")
    assert ("visitor", "buyer-journey", ["inbound-funnel"]) == (
        found["stage"],
        found["from"],
        list(found["to"]),
    )
    funnel = found["to"]["inbound-funnel"]
    assert (
        {"prospect", "cold_lead", "hot_lead"} >= set(funnel["stages"]) >= {"prospect", "cold_lead"}
    )
    assert {"axis", "question"} <= set(funnel["decided_by"][0])
    assert "interest" in [one["axis"] for one in funnel["decided_by"]]


def test_translate_without_a_question_where_only_one_stage_is_possible():
    """A client is a client everywhere in target-first, so nothing is left to ask."""
    found = document("translate", "client", "--from", "buyer-journey", "--to", "target-first")
    assert {"stages": ["client"], "decided_by": []} == found["to"]["target-first"]


def test_translate_goes_to_every_other_vocabulary_by_default():
    """Without --to all others answer."""
    assert 9 == len(document("translate", "lead", "--from", "standard")["to"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("leed", "--from", "standard"), "unknown stage of standard `leed`, did you mean `lead`?"),
        (("lead", "--from", "standart"), "unknown vocabulary `standart`, did you mean `standard`?"),
        (
            ("lead", "--from", "standard", "--to", "hubpsot"),
            "unknown vocabulary `hubpsot`, did you mean `hubspot`?",
        ),
    ],
)
def test_translate_lists_what_there_is_when_a_name_is_wrong(arguments, message):
    """An unknown stage or vocabulary ends with exit code 2 and the known names."""
    result = vocabulary("translate", *arguments)
    assert (2, True) == (result.exit_code, result.stderr.startswith(message))
