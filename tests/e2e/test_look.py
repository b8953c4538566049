"""`status`, `audit`, `audit verify`, `connectors`, and what no command ever prints."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from stagesync.domain.chain import read_lines, verify

from .conftest import World
from .deployments import Place, run

pytestmark = pytest.mark.xdist_group("settled")
"""One worker makes the world that these tests share."""

KEYS = [
    "seq", "at", "run", "actor", "person", "connection", "object", "id", "field", "before", "after",
    "stage_from", "stage_to", "implied", "policy", "reasons", "result", "prev_hash", "hash",
    "salt", "digest",
]  # fmt: skip


@pytest.fixture
def place(settled: World) -> Place:
    return settled.place


def test_status_tells_how_it_stands(place):
    """`status` names both connections with their mode, lag and cursors, the backlog, and the last run."""
    told = place.run("status", "--json").json
    assert ["hubspot", "salesforce"] == [each["connection"] for each in told["connections"]]
    assert {"active"} == {each["mode"] for each in told["connections"]}
    assert all(each["complete"] and each["cursors"] for each in told["connections"])
    assert (0, []) == (told["backlog"], told["held"])
    assert told["people"] == sum(told["stages"].values())
    assert told["last_run"]["outcome"] == "done"


def test_status_for_people_is_headed(place):
    """In a pipe, the blocks of `status` have titles and column names."""
    out = place.run("status").out
    assert "connections\nconnection\tmode\tpulled\tstate\nhubspot\tactive\t" in out
    assert "\npeople\nstage\tpeople\tentered\twent on\tdays there\n" in out


def test_status_tells_of_slow_work(place):
    """Each kind of slow work has a line: when it was done, when it is due, and how the count came out."""
    block = place.run("status").out.partition("\nslow work\n")[2].partition("\n\n")[0]
    lines = [line.split("\t") for line in block.splitlines()]
    found = {(name, what): rest for name, what, *rest in lines}
    kinds = [kind for name, kind in found if name == "hubspot"]
    assert [
        "changes searched again",
        "archive walked",
        "calculated values read anew",
        "fields described",
        "records counted",
    ] == kinds
    assert "they agree" == found["hubspot", "records counted"][2]
    last, following, _ = found["salesforce", "deleted and merged rows"]
    assert re.fullmatch(r"\d+ (s|min|h) ago", last)
    assert re.fullmatch(r"now|in \d+ (s|min|h)", following)


def test_calls_count_over_commands(copied):
    """What one command sent counts in the next one's allowance, for both CRMs."""
    used, sent = [], []
    for _ in range(2):
        sent.append(copied.run("sync", "--json").json["calls"])
        told = copied.run("status", "--json").json["connections"]
        used.append({each["connection"]: each["quota"]["used_by_us"] for each in told})
    assert used[1] == {name: used[0][name] + sent[1][name] for name in used[0]}
    assert all(used[0][name] > sent[0][name] for name in used[0])


def test_audit_has_every_written_value(place):
    """The log is JSON Lines with the promised keys: one entry per written value, and one that closes each run."""
    entries = [json.loads(line) for line in place.run("audit").out.splitlines()]
    runs = place.run("status", "--json").json["runs"]
    written = [each for each in entries if each["result"].get("written")]
    assert sum(sum(each["written"].values()) for each in runs) == len(written)
    assert [set(KEYS)] * len(entries) == [set(each) for each in entries]
    assert all(each["person"] and each["policy"] and each["run"] for each in written)
    closed = [each["result"]["closed"] for each in entries if "closed" in each["result"]]
    assert {each["run"] for each in written} == set(closed)


def test_audit_can_be_narrowed(place):
    """`--connection` and `--person` leave out everything else."""
    entries = [json.loads(line) for line in place.run("audit").out.splitlines()]
    one = next(each for each in entries if each["connection"] == "hubspot")
    asked = place.run("audit", "--connection", "hubspot", "--person", one["person"]).out
    expected = [
        each
        for each in entries
        if (each["connection"], each["person"]) == ("hubspot", one["person"])
    ]
    assert expected == [json.loads(line) for line in asked.splitlines()]


def test_audit_as_csv_has_the_same_entries(place):
    """`--format csv` prints a header and a row for each entry of the log."""
    rows = list(csv.reader(io.StringIO(place.run("audit", "--format", "csv").out)))
    assert KEYS == rows[0]
    assert len(place.run("audit").out.splitlines()) == len(rows) - 1


def test_an_untouched_log_verifies(place, tmp_path):
    """The store's chain and its export are whole, and have the same head."""
    export = tmp_path / "export.jsonl"
    export.write_text(place.run("audit").out)
    of_store = place.run("audit", "verify", "--json").json
    of_file = json.loads(run("audit", "verify", str(export), "--json").out)
    assert of_store["ok"]
    assert (of_store["entries"], of_store["head"]) == (of_file["entries"], of_file["head"])


def test_an_export_verifies_without_stagesync(place, tmp_path):
    """The program of docs/audit.md, with nothing but Python, finds the same count and head."""
    page = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```python verify.py$(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "verify.py").write_text(text)
    (tmp_path / "export.jsonl").write_text(place.run("audit").out)
    told = place.run("audit", "verify", "--json").json
    command = [sys.executable, "-I", "-S", "verify.py", "export.jsonl"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert f"ok: {told['entries']} entries, head {told['head']}\n" == said


def test_one_changed_byte_of_an_export_names_its_entry(place, tmp_path):
    """An export in which one byte changed is refused at the entry that it belongs to."""
    lines = place.run("audit").out.splitlines()
    changed = lines[4].replace('"actor":"stagesync"', '"actor":"stagesynk"')
    export = tmp_path / "export.jsonl"
    export.write_text("\n".join([*lines[:4], changed, *lines[5:]]))
    ran = run("audit", "verify", str(export), "--json")
    assert (1, False, 5) == (ran.code, ran.json["ok"], ran.json["broken"])


def test_any_changed_byte_of_an_export_names_its_entry(place):
    """Whichever byte becomes whatever other: the entry of its line is named, or the line says the same as before."""
    text, chance = place.run("audit").out.encode(), random.Random(5)
    whole = [json.loads(line) for line in text.splitlines()]
    named = 0
    for _ in range(150):
        at = chance.randrange(len(text))
        spoiled = b"%b%c%b" % (text[:at], text[at] ^ chance.randrange(1, 256), text[at + 1 :])
        lines = spoiled.split(b"\n")
        verdict = verify(read_lines(lines[:-1] if not lines[-1] else lines))
        if verdict.broken is None:
            assert whole == [json.loads(line) for line in spoiled.splitlines()]
        else:
            assert text.count(b"\n", 0, at) + 1 == verdict.broken
            named += 1
    assert named > 140


def test_one_changed_byte_of_the_store_names_its_entry(copied):
    """A log altered in the database is refused at the entry that was altered, by exit code and words."""
    with sqlite3.connect(copied.folder / "stagesync.db") as store:
        store.execute("DROP TRIGGER audit_keeps")
        store.execute(
            "UPDATE audit SET part = replace(part, '\"after\"', '\"aften\"') WHERE seq = 7"
        )
    store.close()
    ran = copied.run("audit", "verify")
    assert (1, "broken: entry 7 ") == (ran.code, ran.out[:16])


def test_a_removed_entry_is_missed(copied):
    """An entry taken out of the database is named as missing."""
    with sqlite3.connect(copied.folder / "stagesync.db") as store:
        store.execute("DROP TRIGGER audit_stays")
        store.execute("DELETE FROM audit WHERE seq = 3")
    store.close()
    assert 3 == copied.run("audit", "verify", "--json").json["broken"]


def test_the_shipped_connectors_are_installed():
    """`connectors` finds what ships by its entry points, with versions."""
    found = run("connectors", "--json").json
    assert {"hubspot": True, "salesforce": True, "sql": True} == {
        each["connector"]: bool(each["version"]) for each in found
    }


def test_no_command_prints_a_secret(settled):
    """Neither the token nor the client secret stands in anything printed by setup, sync, status, explain, audit or plan."""
    place = settled.place
    for command in ("status", "audit", "plan", "connectors"):
        place.run(command)
    person = json.loads(place.run("audit").out.splitlines()[0])["person"]
    place.run("explain", person, "--json")
    place.run("sync", "--verbose")
    told = settled.sandbox.credentials()
    printed = "\n".join(place.printed)
    assert "made" in printed
    assert told["hubspot"]["token"] not in printed
    assert told["salesforce"]["client_secret"] not in printed


def test_the_doctor_finds_no_error_where_all_works(place):
    """`doctor` asks both CRMs, exits with 0, and has a fix for whatever it names."""
    ran = place.run("doctor", "--json")
    assert (0, True) == (ran.code, ran.json["ok"])
    assert all(each["fix"] and each["severity"] != "error" for each in ran.json["findings"])


def test_the_doctor_fails_with_a_wrong_token(copied):
    """A refused credential is an error of its connection, with exit code 4; the other is looked at."""
    text = (copied.folder / "stagesync.yaml").read_text(encoding="utf-8")
    (copied.folder / "bad").write_text("wrong", encoding="utf-8")
    wrong = re.sub(r"token: .*", "token: {file: bad}", text)
    assert wrong != text
    (copied.folder / "stagesync.yaml").write_text(wrong, encoding="utf-8")
    ran = copied.run("doctor", "--json")
    errors = [each for each in ran.json["findings"] if each["severity"] == "error"]
    assert (4, False, ["hubspot"]) == (ran.code, ran.json["ok"], [e["connection"] for e in errors])
