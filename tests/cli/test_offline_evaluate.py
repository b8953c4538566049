"""`stagesync evaluate`, in this process and as the installed command."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from stagesync.cli import main
from stagesync.loading.definitions import shipped_mappings

AT = "2026-10-01T12:00:00Z"
IDEAL = '"account": {"domain": "a.example", "employees": 120, "industry": "software"}'
READY = (
    '{"id": "p1", "person": {"seniority": "director", "country": "FR"}, '
    + IDEAL
    + ', "activities": [{"type": "demo_request", "at": "2026-10-01T12:00:00Z"}]}'
)
UNKNOWN = '{"id": "p2"}'


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs `stagesync evaluate` on lines, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STAGESYNC_CONFIG", raising=False)

    def evaluate(*lines, options=("--at", AT)):
        path = tmp_path / "facts.jsonl"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return CliRunner().invoke(main, ["evaluate", "facts.jsonl", *options])

    return evaluate


def documents(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_person_becomes_a_position_and_stages(run):
    """One line of facts gives one document with exactly the keys of the contract."""
    result = run(READY)
    (person,) = documents(result)
    assert ["id", "position", "scores", "stages", "reasons", "recheck_at"] == list(person)
    assert {
        "fit": "inside",
        "interest": "request",
        "qualification": "ready",
        "need": "unknown",
        "sales": "none",
        "loyalty": "none",
        "disposition": "active",
    } == person["position"]
    assert {"fit": 100.0, "interest": 50.0} == person["scores"]
    assert (0, "qualified", "marketingqualifiedlead", "prospect", "hot_lead") == (
        result.exit_code,
        *(
            person["stages"][name]
            for name in ("standard", "hubspot", "target-first", "inbound-funnel")
        ),
    )


def test_reasons_sum_to_the_scores_and_say_because(run):
    """Each reason names its score, rule, points and cause."""
    (person,) = documents(run(READY))
    assert {("score", "rule", "points", "because")} == {
        tuple(reason) for reason in person["reasons"]
    }
    fit = [reason["points"] for reason in person["reasons"] if reason["score"] == "fit"]
    assert person["scores"]["fit"] == sum(fit)


def test_recheck_is_an_instant_or_null(run):
    """Somebody whose points fade is looked at again; somebody unknown never needs to be."""
    ready, unknown = documents(run(READY, UNKNOWN))
    assert (True, None) == (ready["recheck_at"].endswith("Z"), unknown["recheck_at"])


def test_somebody_unknown_has_a_stage_in_every_vocabulary(run):
    """Every vocabulary is total: no facts at all still give a stage each."""
    (person,) = documents(run(UNKNOWN))
    assert {
        "standard": "contact",
        "target-first": "outside",
        "inbound-funnel": "prospect",
        "btob-scoring": "outside",
        "need-identified": "internet_user",
        "buyer-journey": "outside",
        "hubspot": "none",
        "hubspot_lead_status": "none",
        "salesforce_lead": "none",
        "salesforce_account": "none",
    } == person["stages"]


def test_a_broken_line_is_refused_and_the_others_are_done(run):
    """Exit code 6, the line's place on stderr, and every other person on stdout."""
    result = run(UNKNOWN, '{"id": "p3", "person": {"excluded": "false"}}', READY)
    assert (6, ["p2", "p1"]) == (result.exit_code, [one["id"] for one in documents(result)])
    assert (
        'facts.jsonl:2: person.excluded: must be true or false, not the text "false"'
        in result.stderr
    )


def test_unknown_activity_types_are_counted_as_a_warning(run):
    """A type that the policy does not know changes nothing but is told."""
    strange = '{"id": "p", "activities": [{"type": "yodelling", "at": "2026-09-01T00:00:00Z"}]}'
    result = run(strange, strange)
    assert (0, "warning: unknown activity type `yodelling` (2 times)\n") == (
        result.exit_code,
        result.stderr,
    )


def test_the_previous_position_keeps_a_level(run):
    """Forty points do not make ready, but keep somebody who was."""
    faded = READY.replace("demo_request", "trial_signup")
    held = faded.replace('{"id": "p1"', '{"id": "p2", "previous": {"qualification": "ready"}')
    assert ["started", "ready"] == [
        one["position"]["qualification"] for one in documents(run(faded, held))
    ]


def test_accounts_are_grouped_by_domain(run):
    """Two people of one domain are one account; somebody without a domain belongs to none."""
    colleague = '{"id": "p4", "account": {"domain": "A.example"}, "deals": [{"status": "open"}]}'
    result = run(READY, colleague, UNKNOWN, options=("--at", AT, "--accounts"))
    (account,) = documents(result)
    assert ("a.example", "inside", "request", "opportunity") == (
        account["id"],
        account["position"]["fit"],
        account["position"]["interest"],
        account["position"]["sales"],
    )
    assert {"fit": 55.0} == account["scores"]
    assert "warning: person without account.domain" in result.stderr


def test_accounts_are_companies_not_hosts(run):
    """Hosts of one company are one account; a free-mail provider and a public suffix are none, with a warning."""
    lines = [
        f'{{"id": "p{number}", "account": {{"domain": "{domain}"}}}}'
        for number, domain in enumerate(
            ("www.acme.co.uk", "sub.acme.co.uk", "gmail.com", "github.io")
        )
    ]
    result = run(*lines, options=("--at", AT, "--accounts"))
    assert ["acme.co.uk"] == [each["id"] for each in documents(result)]
    assert "account.domain that is no company's, counted for no account (2 times)" in result.stderr


def test_of_an_accounts_facts_the_first_line_counts(run):
    """Where lines of one domain differ, the one that stands first is believed."""
    small = '{"id": "p6", "account": {"domain": "a.example", "employees": 3}}'
    both = ("--at", AT, "--accounts")
    assert [55.0, 25.0] == [
        documents(run(*lines, options=both))[0]["scores"]["fit"]
        for lines in ((READY, small), (small, READY))
    ]


def test_people_on_a_terminal_get_a_table(tmp_path):
    """With a terminal as stdout the output is a table, and JSON Lines only when asked for."""
    (tmp_path / "facts.jsonl").write_text(READY, encoding="utf-8")
    assert [False, True] == [
        _on_a_terminal(tmp_path, *options).startswith('{"id":"p1"') for options in ((), ("--json",))
    ]


def _on_a_terminal(folder, *options):
    ours, theirs = os.openpty()
    try:
        command = [
            sys.executable,
            "-m",
            "stagesync",
            "evaluate",
            "facts.jsonl",
            "--at",
            AT,
            *options,
        ]
        subprocess.run(command, stdout=theirs, cwd=folder, check=True, timeout=60)
        return os.read(ours, 100).decode(errors="replace")
    finally:
        os.close(ours)
        os.close(theirs)


def test_an_account_that_fits_is_a_prospect_where_the_vocabulary_says_so(run):
    """The rule for accounts of btob-scoring does not reach its people."""
    fits = '{"id": "p5", ' + IDEAL + "}"
    (account,) = documents(run(fits, options=("--at", AT, "--accounts")))
    (person,) = documents(run(fits))
    assert ("prospect", "outside") == (
        account["stages"]["btob-scoring"],
        person["stages"]["btob-scoring"],
    )


def test_stdin_is_read_as_a_dash(run):
    """`-` reads the facts from stdin and names them so."""
    result = CliRunner().invoke(main, ["evaluate", "-", "--at", AT], input=f"{UNKNOWN}\nx\n")
    assert ["p2"] == [one["id"] for one in documents(result)]
    assert result.stderr.startswith("<stdin>:2: is not JSON")


def test_another_policy_decides(run, tmp_path):
    """With other axes the position has those axes, and vocabularies that do not fit are named."""
    own = tmp_path / "own.yaml"
    own.write_text(
        "policy: own\nversion: 1\naxes: {trade: {none: , done: {deals: won}}}\n", encoding="utf-8"
    )
    result = run('{"id": "p", "deals": [{"status": "won"}]}', options=("--policy", str(own)))
    (person,) = documents(result)
    assert ({"trade": "done"}, {}) == (person["position"], person["stages"])
    assert "left out: " in result.stderr


def test_a_broken_policy_ends_with_all_its_problems(run, tmp_path):
    """Exit code 2 and one line per problem, each with its place."""
    own = tmp_path / "own.yaml"
    own.write_text("policy: own\naxes: {trade: {none: , done: {deals: one}}}\n", encoding="utf-8")
    result = run(UNKNOWN, options=("--policy", "own.yaml"))
    assert (2, "") == (result.exit_code, result.stdout)
    assert [
        "own.yaml:1: `version` is missing",
        "own.yaml:2: axes.trade.done.deals: unknown deal status `one`, did you mean `won`? known: open, won, lost",
    ] == result.stderr.splitlines()


@pytest.mark.parametrize("at", ["2026-10-01T12:00:00", "tomorrow"])
def test_an_instant_without_zone_is_an_argument_error(run, at):
    """`--at` needs its zone; exit code 2."""
    result = run(UNKNOWN, options=("--at", at))
    assert (2, True) == (result.exit_code, f"--at: `{at}` is " in result.stderr)


def test_a_file_that_does_not_exist_is_an_argument_error(run):
    """A missing facts file ends with exit code 2."""
    assert 2 == CliRunner().invoke(main, ["evaluate", "nowhere.jsonl"]).exit_code


def test_the_deployment_beside_the_settings_file_is_used(run, tmp_path):
    """With a stagesync.yaml here, its own mappings count."""
    (tmp_path / "stagesync.yaml").write_text("store: {}\n", encoding="utf-8")
    mappings = tmp_path / "mappings"
    (mappings / "vocabularies").mkdir(parents=True)
    shipped = shipped_mappings()
    text = (shipped / "policy.yaml").read_text(encoding="utf-8")
    (mappings / "policy.yaml").write_text(
        text.replace("points: 20, when", "points: 19, when"), encoding="utf-8"
    )
    standard = (shipped / "vocabularies" / "standard.yaml").read_text(encoding="utf-8")
    (mappings / "vocabularies" / "standard.yaml").write_text(standard, encoding="utf-8")
    (person,) = documents(run(READY))
    assert (99.0, ["standard"]) == (person["scores"]["fit"], list(person["stages"]))


def test_the_installed_command_reads_a_pipe_and_writes_json_lines(tmp_path):
    """`stagesync evaluate -` as a process of its own, stdin to stdout."""
    done = subprocess.run(
        [sys.executable, "-m", "stagesync", "evaluate", "-", "--at", AT],
        input=f"{READY}\nbroken\n",
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert (6, "p1") == (done.returncode, json.loads(done.stdout)["id"])
    assert done.stderr.startswith("<stdin>:2: is not JSON")
