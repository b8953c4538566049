"""`stagesync check`, in this process and as the installed command."""

import json
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from stagesync.cli import main
from stagesync.loading.definitions import shipped_mappings

TINY = """\
vocabulary: tiny
labels: {en: Tiny, fr: Petit}
stages:
  - {id: client, labels: {en: Client, fr: Client}, when: {sales: won}}
  - {id: buyer, labels: {en: Buyer, fr: Acheteur}, when: {sales: won, loyalty: repeat}}
  - {id: hopeless, labels: {en: Hopeless, fr: Perdu}, when: {qualification: ready, fit: outside}}
  - {id: other, labels: {en: Other, fr: Autre}, when: anything}
ladder: [other, hopeless, buyer, client]
"""


@pytest.fixture
def mappings(tmp_path, monkeypatch):
    """A copy of the shipped policy and of the standard vocabulary, and nothing else here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STAGESYNC_CONFIG", raising=False)
    copy = tmp_path / "mine"
    (copy / "vocabularies").mkdir(parents=True)
    shutil.copy(shipped_mappings() / "policy.yaml", copy)
    shutil.copy(shipped_mappings() / "vocabularies" / "standard.yaml", copy / "vocabularies")
    return copy


def check(*options):
    return CliRunner().invoke(main, ["check", *options])


def test_the_shipped_definitions_are_sound(tmp_path, monkeypatch):
    """No problem, 5,400 positions over all axes, ten vocabularies without a dead stage."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STAGESYNC_CONFIG", raising=False)
    result = check("--json")
    found = json.loads(result.stdout)
    assert (0, True, [], 5400, 10) == (
        result.exit_code,
        found["ok"],
        found["problems"],
        found["positions"],
        len(found["vocabularies"]),
    )
    assert all(
        count > 0 for one in found["vocabularies"].values() for count in one["stages"].values()
    )


def test_a_vocabulary_is_proven_over_the_axes_it_names(mappings):
    """Inbound-funnel names three axes, so it is proven over their 60 positions, which its stages share out."""
    shutil.copy(
        shipped_mappings() / "vocabularies" / "inbound-funnel.yaml", mappings / "vocabularies"
    )
    found = json.loads(check("--mappings", "mine", "--json").stdout)
    funnel = found["vocabularies"]["inbound-funnel"]
    assert {
        "positions": 60,
        "stages": {
            "ambassador": 4,
            "loyal_client": 4,
            "client": 4,
            "hot_lead": 30,
            "cold_lead": 6,
            "prospect": 12,
        },
    } == funnel


def test_stages_that_nothing_reaches_are_problems_with_their_line(mappings):
    """A stage hidden by an earlier one, and one that the policy's own conditions rule out."""
    (mappings / "vocabularies" / "tiny.yaml").write_text(TINY, encoding="utf-8")
    result = check("--mappings", "mine", "--json")
    found = json.loads(result.stdout)
    assert (2, False) == (result.exit_code, found["ok"])
    assert [
        ("mine/vocabularies/tiny.yaml", 5, "buyer"),
        ("mine/vocabularies/tiny.yaml", 6, "hopeless"),
    ] == [
        (problem["file"], problem["line"], problem["path"].rpartition(".")[2])
        for problem in found["problems"]
    ]


def test_positions_without_a_stage_are_a_problem(mappings):
    """A vocabulary whose last stage does not take the rest is not total."""
    broken = TINY.replace("when: anything", "when: {sales: none}")
    (mappings / "vocabularies" / "tiny.yaml").write_text(broken, encoding="utf-8")
    problems = json.loads(check("--mappings", "mine", "--json").stdout)["problems"]
    (problem,) = [one for one in problems if "no stage" in one["message"]]
    assert ("mine/vocabularies/tiny.yaml", 1) == (problem["file"], problem["line"])


def test_problems_are_lines_that_an_editor_can_jump_to(mappings):
    """Without --json each problem is file:line: path: message on stderr, with exit code 2."""
    path = mappings / "policy.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("points: 30", "points: many"), encoding="utf-8"
    )
    result = check("--mappings", "mine")
    assert (2, True) == (
        result.exit_code,
        "mine/policy.yaml:58: scores.fit[0].points: must be a number, not `many`" in result.stderr,
    )


def test_a_file_that_is_neither_policy_nor_mapping_is_a_problem(mappings):
    """A stray file in the folder is named rather than ignored."""
    (mappings / "notes.yaml").write_text("hello: world\n", encoding="utf-8")
    result = check("--mappings", "mine")
    assert "mine/notes.yaml:1: is neither a policy" in result.stderr


def test_a_crm_mapping_is_read_too(mappings):
    """A mapping with an unknown key fails the check at its line."""
    (mappings / "hubspot.yaml").write_text("connector: hubspot\nversion: zero\n", encoding="utf-8")
    result = check("--mappings", "mine")
    assert (2, True) == (result.exit_code, "mine/hubspot.yaml:2: version: " in result.stderr)


def test_help_names_every_offline_command_and_starts_quickly():
    """`--help` needs neither YAML nor rich, which are imported by the commands that use them."""
    code = (
        "import sys\nfrom stagesync.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('ruamel.yaml', 'rich', 'orjson', 'sqlalchemy', 'pydantic', 'starlette', 'uvicorn') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.splitlines()[-1]
    assert all(f"  {name} " in done.stdout for name in ("check", "evaluate", "vocabulary"))


def test_the_installed_command_checks_what_it_ships(tmp_path):
    """`stagesync check` in an empty directory is sound and exits with 0."""
    done = subprocess.run(
        [sys.executable, "-m", "stagesync", "check"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert (0, "", "all definitions are sound") == (
        done.returncode,
        done.stderr,
        done.stdout.splitlines()[-1],
    )


def test_settings_that_do_not_exist_are_an_argument_error(tmp_path, monkeypatch):
    """A wrong --config or $STAGESYNC_CONFIG ends with exit code 2 and says which."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STAGESYNC_CONFIG", "elsewhere.yaml")
    by_option, by_environment = check("--config", "nowhere.yaml"), check()
    assert [2, 2] == [by_option.exit_code, by_environment.exit_code]
    assert "$STAGESYNC_CONFIG names elsewhere.yaml, which does not exist" in by_environment.stderr
