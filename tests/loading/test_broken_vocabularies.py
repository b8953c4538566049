"""What vocabulary files can have wrong, each with its line and the message that says so."""

import pytest

from stagesync.errors import DefinitionError
from stagesync.loading.definitions import load_definitions, shipped_mappings
from stagesync.loading.policy import load_policy
from stagesync.loading.vocabularies import load_vocabularies

SOUND = """\
vocabulary: tiny
labels: {en: Tiny, fr: Petit}
source: a book
stages:
  - {id: client, labels: {en: Client, fr: Client}, when: {sales: won}}
  - {id: lead, labels: {en: Lead, fr: Lead}, when: {interest: request}, counts_as: mql}
  - {id: outside, labels: {en: Outside, fr: Dehors}, when: anything}
ladder: [lead, client]
off_ladder: [outside]
treatment:
  - stages: [lead]
    content: nurturing
    never: {offer: {en: an offer, fr: une offre, seen_as: quote_sent}}
    contact_again_after: 14d
    contact_seen_as: [call_logged, meeting]
    labels: {en: Care, fr: Soin}
"""

CASES = [
    ("labels: {en: Tiny, fr: Petit}\n", "", "1: `labels` is missing"),
    (
        "{en: Tiny, fr: Petit}",
        "{en: Tiny}",
        "2: labels: must be given in English and French: {en: .., fr: ..}",
    ),
    (
        "source: a book",
        "sauce: a book",
        "3: sauce: unknown key `sauce`, did you mean `source`? known: vocabulary, labels, source, stages, ladder, off_ladder, treatment",
    ),
    ("{id: client,", "{", "5: stages[0]: `id` is missing"),
    (
        "{id: client,",
        "{id: the client,",
        "5: stages[0].id: a stage id is made of letters, digits and _, and begins with a letter",
    ),
    ("{id: client,", "{id: lead,", "6: stages[1].id: stage `lead` stands here twice"),
    (", when: {sales: won}", "", "5: stages[0]: `when` is missing"),
    (
        "{sales: won}",
        "{sails: won}",
        "5: stages[0].when.sails: unknown condition `sails`, did you mean `sales`? known: fit, interest, qualification, need, sales, loyalty, disposition, stage.tiny, any, all, unless",
    ),
    (
        "{sales: won}",
        "{sales: one}",
        "5: stages[0].when.sales: unknown level of sales `one`, did you mean `none`? known: none, contacted, accepted, opportunity, won",
    ),
    (
        "{sales: won}",
        "{person.churned: yes}",
        "5: stages[0].when.person.churned: facts cannot be looked at in a stage, only axes, stages",
    ),
    (
        "{sales: won}",
        "{stage.standart: lead}",
        "5: stages[0].when.stage.standart: unknown vocabulary `standart`; known: tiny",
    ),
    (
        "{sales: won}",
        "{stage.tiny: leed}",
        "5: stages[0].when.stage.tiny: unknown stage of tiny `leed`, did you mean `lead`? known: client, lead, outside",
    ),
    (
        "{sales: won}",
        "{stage.tiny: lead}",
        "1: vocabulary: vocabularies wait for each other: tiny -> tiny",
    ),
    (
        "counts_as: mql",
        "counts_as: mq",
        "6: stages[1].counts_as: unknown way to count `mq`, did you mean `mql`? known: mql, sql",
    ),
    ("counts_as: mql", "handover: often", "6: stages[1].handover: must be yes or no, not `often`"),
    (
        "[lead, client]",
        "[lead]",
        "5: stages[0].id: `client` is neither in `ladder` nor in `off_ladder`",
    ),
    ("[lead, client]", "[lead, client, lead]", "8: ladder[2]: `lead` stands in `ladder` already"),
    ("[outside]", "[outside, client]", "9: off_ladder[1]: `client` stands in `ladder` already"),
    (
        "[outside]",
        "[outsider]",
        "9: off_ladder[0]: unknown stage `outsider`, did you mean `outside`? known: client, lead, outside",
    ),
    (
        "- stages: [lead]",
        "- stages: [lead, leads]",
        "11: treatment[0].stages[1]: unknown stage `leads`, did you mean `lead`? known: client, lead, outside",
    ),
    (
        "- stages: [lead]",
        "- stages: [lead, lead]",
        "11: treatment[0].stages[1]: `lead` has a treatment already",
    ),
    (
        "- stages: [lead]",
        "- when: {deals: won}",
        "11: treatment[0].when.deals: deals cannot be looked at in a treatment, only facts, axes",
    ),
    ("- stages: [lead]\n   ", "-", "11: treatment[0]: a treatment has either `stages` or `when`"),
    ("    content: nurturing\n", "", "11: treatment[0]: `content` is missing"),
    (
        "quote_sent",
        "quote",
        "13: treatment[0].never.offer.seen_as: unknown activity type `quote`, did you mean `quote_sent`? known: ",
    ),
    (
        "[call_logged, meeting]",
        "[call_loged]",
        "15: treatment[0].contact_seen_as[0]: unknown activity type `call_loged`, did you mean `call_logged`? known: ",
    ),
    (
        "labels: {en: Care, fr: Soin}",
        "labels: {fr: Soin}",
        "16: treatment[0].labels: must be given in English and French: {en: .., fr: ..}",
    ),
    (
        "14d",
        "soon",
        "14: treatment[0].contact_again_after: must be a duration such as 15m, 24h or 180d, not `soon`",
    ),
]


@pytest.fixture(scope="module")
def policy():
    return load_policy(shipped_mappings() / "policy.yaml")


def test_the_sound_file_is_read_whole(tmp_path, policy):
    """Ranks follow the ladder, and a treatment line reaches the stages it names."""
    (tmp_path / "tiny.yaml").write_text(SOUND, encoding="utf-8")
    (tiny,) = load_vocabularies(tmp_path, policy).values()
    assert [1, 0, None] == [stage.rank for stage in tiny.stages]
    never = [
        {"id": "offer", "labels": {"en": "an offer", "fr": "une offre"}, "seen_as": ["quote_sent"]}
    ]
    assert {
        "content": "nurturing",
        "never": never,
        "contact_again_after_days": 14.0,
        "contact_seen_as": ["call_logged", "meeting"],
        "labels": {"en": "Care", "fr": "Soin"},
        "counts_as": "mql",
    } == tiny.stage("lead").treatment


@pytest.mark.parametrize(("old", "new", "problem"), CASES, ids=[case[2] for case in CASES])
def test_a_broken_file_is_refused_at_its_line(tmp_path, policy, old, new, problem):
    """Each kind of mistake is reported with file, line, path and what to do."""
    assert 1 == SOUND.count(old)
    path = tmp_path / "tiny.yaml"
    path.write_text(SOUND.replace(old, new), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_vocabularies(tmp_path, policy)
    found = [str(one).removeprefix(f"{path}:") for one in caught.value.problems]
    assert [problem] == [one[: len(problem)] for one in found if one.startswith(problem)]


def test_two_files_of_one_name_are_refused(tmp_path, policy):
    """A vocabulary's name belongs to one file."""
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(SOUND, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_vocabularies(tmp_path, policy)
    assert f"{tmp_path}/b.yaml:1: vocabulary: `tiny` is the name of {tmp_path}/a.yaml too" == str(
        caught.value
    )


def test_a_folder_without_vocabularies_is_refused(tmp_path, policy):
    """An empty folder is a mistake, not a deployment without words."""
    with pytest.raises(DefinitionError) as caught:
        load_vocabularies(tmp_path, policy)
    assert f"{tmp_path}: holds no vocabulary files (*.yaml)" == str(caught.value)


def test_a_vocabulary_follows_those_it_looks_at(tmp_path, policy):
    """Reading order is found from the conditions, not from file names."""
    (tmp_path / "z.yaml").write_text(SOUND, encoding="utf-8")
    other = SOUND.replace("vocabulary: tiny", "vocabulary: other").replace(
        "sales: won", "stage.tiny: client"
    )
    (tmp_path / "a.yaml").write_text(other, encoding="utf-8")
    assert ["tiny", "other"] == list(load_vocabularies(tmp_path, policy))


def test_vocabularies_in_a_circle_are_refused(tmp_path, policy):
    """Two vocabularies that look at each other can read nothing."""
    for name, looked_at in (("tic", "tac"), ("tac", "tic")):
        text = SOUND.replace("vocabulary: tiny", f"vocabulary: {name}")
        text = text.replace("sales: won", f"stage.{looked_at}: client")
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_vocabularies(tmp_path, policy)
    assert (
        f"{tmp_path}/tac.yaml:1: vocabulary: vocabularies wait for each other: tac -> tic -> tac"
        == str(caught.value)
    )


def test_problems_of_all_files_come_at_once(tmp_path):
    """A policy and a vocabulary that are both broken are reported together."""
    (tmp_path / "vocabularies").mkdir()
    broken = SOUND.replace("[lead, client]", "[lead]")
    (tmp_path / "vocabularies" / "tiny.yaml").write_text(broken, encoding="utf-8")
    shipped = (shipped_mappings() / "policy.yaml").read_text(encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(
        shipped.replace("points: 30", "points: many", 1), encoding="utf-8"
    )
    with pytest.raises(DefinitionError) as caught:
        load_definitions(tmp_path)
    assert [f"{tmp_path}/policy.yaml", f"{tmp_path}/vocabularies/tiny.yaml"] == [
        problem.file for problem in caught.value.problems
    ]


def test_vocabularies_that_another_policy_does_not_fit_are_left_out(tmp_path):
    """Under a policy with other axes the shipped vocabularies are absent, and it says why."""
    path = tmp_path / "own.yaml"
    path.write_text(
        "policy: own\nversion: 1\naxes: {sales: {none: , won: {deals: won}}}\n", encoding="utf-8"
    )
    definitions = load_definitions(shipped_mappings(), path)
    assert {} == dict(definitions.vocabularies)
    assert "own" == definitions.policy.name
    assert any("unknown condition `loyalty`" in problem.message for problem in definitions.left_out)


def test_another_policy_with_the_same_axes_keeps_every_vocabulary(tmp_path):
    """Changing points leaves the shipped vocabularies as they are."""
    shipped = (shipped_mappings() / "policy.yaml").read_text(encoding="utf-8")
    path = tmp_path / "own.yaml"
    path.write_text(shipped.replace("points: 30", "points: 31"), encoding="utf-8")
    definitions = load_definitions(shipped_mappings(), path)
    assert (10, ()) == (len(definitions.vocabularies), definitions.left_out)


def test_another_policy_brings_the_vocabularies_beside_it(tmp_path):
    """A `vocabularies` folder beside the policy file is the one that counts."""
    (tmp_path / "vocabularies").mkdir()
    (tmp_path / "vocabularies" / "tiny.yaml").write_text(SOUND, encoding="utf-8")
    shipped = (shipped_mappings() / "policy.yaml").read_text(encoding="utf-8")
    (tmp_path / "own.yaml").write_text(shipped, encoding="utf-8")
    assert ["tiny"] == list(
        load_definitions(shipped_mappings(), tmp_path / "own.yaml").vocabularies
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", ": is empty"),
        ("- a\n", ":1: must be `key: value` pairs"),
        ("labels: {en: a, fr: b}\nstages: []\nladder: []\n", ":1: `vocabulary` is missing"),
        (
            "vocabulary: a\nlabels: {en: a, fr: b}\nstages: []\nladder: []\n",
            ":3: stages: a vocabulary needs at least one stage",
        ),
        (
            "vocabulary: a\nlabels: {en: a, fr: b}\nstages: [x]\nladder: []\n",
            ":3: stages[0]: must be `key: value` pairs",
        ),
    ],
)
def test_a_file_that_is_no_vocabulary_at_all_is_refused(tmp_path, policy, content, problem):
    """Files that are empty, no mapping, nameless or without stages are problems, not crashes."""
    path = tmp_path / "a.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_vocabularies(path, policy)
    assert f"{path}{problem}" in [str(one) for one in caught.value.problems]


def test_single_files_can_be_named(policy):
    """Vocabularies are read from a list of files as from a folder."""
    folder = shipped_mappings() / "vocabularies"
    files = [folder / "hubspot.yaml", folder / "standard.yaml"]
    assert ["standard", "hubspot"] == list(load_vocabularies(files, policy))
