"""The log: complete, chained per run, and no change to it goes unseen."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from sqlalchemy import text

import stores
from stagesync.domain.chain import PART, Verdict, verify
from stagesync.engine import audit, holds, verdicts
from stagesync.engine.alerts import HERE
from stagesync.engine.audit import forget, keep_within, verify_store
from stagesync.engine.doctor import examine
from stagesync.engine.explain import explain
from stagesync.engine.heads import Check, LogRules, Sign, checking, read_heads, signing
from stagesync.engine.status import status
from stagesync.engine.undo import undo
from stagesync.errors import ArgumentError
from stagesync.store import open_store

from .bench import DAY_S, Bench, iso, make_bench


def _log(bench: Bench) -> list[dict[str, Any]]:
    bench.form(bench.contact("ann@firm.example", last="Ng"))
    bench.contact("bob@firm.example", last="Hill")
    bench.sync()
    return bench.audit()


def _verdict(bench: Bench, **options: Any) -> Verdict:
    with bench.store.begin() as tx:
        return verify_store(tx, **options)


def _meddle(bench: Bench, *statements: str) -> tuple[int | None, str]:
    """What is found after somebody who owns the database took its guards away and changed it."""
    with bench.store.begin() as tx:
        stores.unguard(tx)
        for each in statements:
            tx.execute(text(each))
    return _verdict(bench).broken, _verdict(bench).why


def test_the_log_of_a_run_holds(bench: Bench) -> None:
    """Every written field is one entry, a closing entry ends the run, and its hash is the head."""
    entries = _log(bench)
    policy = bench.deployment.policy
    told = {"closed": entries[0]["run"], "entries": 6, "head": entries[5]["hash"]}
    assert {**told, "digest": policy.digest} == entries[6]["result"]
    assert (policy.label, entries[0]["run"]) == (entries[6]["policy"], entries[6]["run"])
    assert Verdict(7, entries[6]["hash"]) == verify(entries) == _verdict(bench)


def test_runs_are_chained_by_their_closing_entries(bench: Bench) -> None:
    """A later run starts a chain of its own; its closing entry follows the one before."""
    first = _log(bench)
    bench.contact("eve@firm.example", last="Poe")
    outcome = bench.sync()
    own = [each for each in bench.audit() if each["run"] == outcome.run]
    assert ("", first[-1]["hash"]) == (own[0]["prev_hash"], own[-1]["prev_hash"])
    assert (11, None) == (_verdict(bench).entries, _verdict(bench).broken)
    assert (4, None) == (_verdict(bench, run=outcome.run).entries, _verdict(bench).broken)


def test_a_run_without_changes_leaves_the_log_as_it_is(bench: Bench) -> None:
    """A poll that finds nothing adds nothing."""
    before = _log(bench)
    bench.sync()
    assert before == bench.audit()


def test_an_empty_log_holds(bench: Bench) -> None:
    """A log without entries is whole."""
    assert Verdict(0, "") == _verdict(bench)


def test_a_run_that_broke_off_is_closed_by_the_next(bench: Bench) -> None:
    """What a killed run wrote stays, is open until the next run, and is then closed as cut."""
    with bench.store.begin() as tx:
        audit.append(tx, [{"at": "2026-11-20T12:00:00Z", "run": "r_dead", "person": "p_1"}])
    assert ("r_dead",) == _verdict(bench).open
    _log(bench)
    closing = bench.audit()[1]
    assert ("r_dead", True) == (closing["result"]["closed"], closing["result"]["cut"])
    assert ((), None) == (_verdict(bench).open, _verdict(bench).broken)


def test_two_processes_append_in_turn(store_url: str) -> None:
    """A command beside the daemon, each with its own door to the store: no number twice, one whole chain."""
    both = [open_store(store_url), open_store(store_url)]

    def work(number: int) -> None:
        for _ in range(40):
            with both[number].begin() as tx:
                run = {"run": f"r_{number}", "person": "p_1"} if number else {}
                audit.append(tx, [{"at": "2026-11-20T12:00:00Z", "actor": "ann", **run}] * 2)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, (0, 1)))
    with both[0].begin() as tx:
        assert Verdict(160, audit.head(tx).hash, open=("r_1",)) == verify_store(tx)
    for each in both:
        each.close()


def test_acts_by_hand_are_in_the_log_with_their_actor(observed: Bench) -> None:
    """Approving, pausing, retrying, holding and asking for an undo are entries outside any run."""
    bench = observed
    bench.contact("ann@firm.example", last="Ng")
    looked = bench.sync()
    bench.decide(looked, approve=True)
    run = bench.sync().run
    now_s, deployment = bench.clock.now_s(), bench.deployment
    north = deployment.connections["north"]
    holds.pause(deployment, north, paused=True, by="bea", now_s=now_s)
    holds.pause(deployment, north, paused=False, by="bea", now_s=now_s)
    holds.retry(deployment, None, by="cyd")
    plan = undo(deployment, run=run, by="dan", now_s=now_s).plan
    acts = [each for each in bench.audit() if each["run"] is None]
    assert [
        ("ann", {"approved": looked.plan.id, "values": 3}),
        ("bea", {"connection": "paused"}),
        ("bea", {"connection": "resumed"}),
        ("cyd", {"retried": 0}),
        ("dan", {"undo": plan, "of": run, "values": 3}),
    ] == [(each["actor"], each["result"]) for each in acts]
    assert None is _verdict(bench).broken


def test_an_altered_entry_is_found_in_the_store(bench: Bench) -> None:
    """Whoever writes to the database itself is found out, in what is kept as in what tells of a person."""
    _log(bench)
    change = "UPDATE audit SET kept = replace(kept, 'contact', 'kontakt') WHERE seq = 2"
    assert (2, "was altered") == _meddle(bench, change)
    other = make_bench()
    _log(other)
    change = "UPDATE audit SET part = replace(part, 'true', 'false') WHERE seq = 3"
    assert (3, "was altered") == _meddle(other, change)
    other.store.close()


def test_an_entry_that_is_filed_under_another_person_is_found(bench: Bench) -> None:
    """A column by which entries are found says what the entry says."""
    _log(bench)
    told = _meddle(bench, "UPDATE audit SET person = 'p_other' WHERE seq = 4")
    assert (4, "is filed under something else than it tells") == told


@pytest.mark.parametrize(("where", "first"), [("seq = 3", 3), ("seq >= 5", 5), ("seq >= 1", 1)])
def test_a_removed_entry_is_found(bench: Bench, where: str, first: int) -> None:
    """An entry taken out of the middle leaves a gap; of the end, the store knows how long the log was."""
    _log(bench)
    assert first == _meddle(bench, f"DELETE FROM audit WHERE {where}")[0]


def test_a_person_is_forgotten_and_the_chain_holds(bench: Bench) -> None:
    """Of a forgotten person the log keeps stages and instants, nothing that names them, and their number."""
    contact = bench.contact("ann@firm.example", last="Ng")
    other = bench.contact("bob@firm.example", last="Hill")
    bench.sync()
    holds.hold(bench.deployment, contact, for_s=None, by="bea", now_s=bench.clock.now_s())
    person = str(bench.person("north", "contact", contact))
    before = bench.audit()
    with bench.store.begin() as tx:
        count = forget(tx, people=[person], actor="bea", why="asked for", now_s=0.0)
    after = bench.audit()
    own = [n for n, each in enumerate(before) if each["person"] == person]
    assert 4 == count == len(own)
    assert [{**before[n], **dict.fromkeys(PART)} for n in own] == [after[n] for n in own]
    assert {"blanked": 4, "why": "asked for"} == after[-1]["result"]
    assert person not in repr(after)
    assert bench.person("north", "contact", other) in repr(after)
    assert (None, 4) == (_verdict(bench).broken, _verdict(bench).blanked)
    with bench.store.begin() as tx:
        assert 0 == forget(tx, people=[person], actor="bea", why="asked for", now_s=0.0)


def test_a_record_is_forgotten_and_not_its_likes(bench: Bench) -> None:
    """Only this record is forgotten: not one of the same number elsewhere, nor its person's others."""
    bench.contact("ann@firm.example", last="Ng")
    member = bench.member("ann@firm.example", LastName="Ng")
    bench.sync()
    before = bench.audit()
    ref = ("south", "contact", member)
    with bench.store.begin() as tx:
        count = forget(tx, refs=[ref], actor="south", why="erased in the CRM", now_s=0.0)
    blanked = [b for b, a in zip(before, bench.audit(), strict=False) if a["id"] != b["id"]]
    assert {ref} == {(each["connection"], each["object"], each["id"]) for each in blanked}
    assert 1 == count == len(blanked)


def test_verdicts_that_name_a_forgotten_record_are_blanked(bench: Bench) -> None:
    """What was said of a person and names the record in passing is blanked with it."""
    one, two = (bench.contact(f"{each}@firm.example", last=each) for each in ("ann", "bob"))
    bench.sync()
    who = [str(bench.person("north", "contact", each)) for each in (one, two)]
    verdicts.join(bench.deployment, *who, by="bea", now_s=bench.clock.now_s())
    assert f"north/contact/{two}" in repr(bench.audit())
    with bench.store.begin() as tx:
        forget(tx, refs=[("north", "contact", two)], actor="north", why="erased", now_s=0.0)
    assert f"north/contact/{two}" not in repr(bench.audit())
    assert None is _verdict(bench).broken


def test_retention_blanks_what_is_old_and_nothing_else(bench: Bench) -> None:
    """After the span, in whole days, what told of a person is gone; what is younger stays."""
    bench.redeploy(log_rules=LogRules(keep_s=30 * DAY_S))
    _log(bench)
    bench.clock.advance(days=29)
    bench.contact("eve@firm.example", last="Poe")
    bench.sync()
    assert 0 == _verdict(bench).blanked
    bench.clock.advance(days=2)
    bench.sync()
    assert [None] * 6 == [each["person"] for each in bench.audit()[:6]]
    assert {"blanked": 6, "why": "retention", "up_to": 7} == bench.audit()[-1]["result"]
    assert (None, 6) == (_verdict(bench).broken, _verdict(bench).blanked)
    bench.sync()
    assert 6 == _verdict(bench).blanked


def test_retention_goes_by_whole_days(bench: Bench) -> None:
    """An entry of noon is blanked from the midnight on that follows its span, not in between."""
    _log(bench)
    found = []
    for days in (1.0, 1.4, 1.6):
        with bench.store.begin() as tx:
            found.append(keep_within(tx, DAY_S, now_s=bench.clock.now_s() + days * DAY_S))
    assert [0, 0, 6] == found


def test_retention_goes_on_where_it_stopped(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long log is blanked in bounded steps, each from where the last one ended."""
    monkeypatch.setattr(audit, "AT_ONCE", 4)
    _log(bench)
    found = []
    for _ in range(4):
        with bench.store.begin() as tx:
            found.append(keep_within(tx, 0.0, now_s=bench.clock.now_s() + 2 * DAY_S))
    assert [4, 2, 0, 0] == found


@pytest.fixture(scope="module")
def keys() -> tuple[bytes, bytes]:
    """A private and its public key, in PEM."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key()
    return private, public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_the_head_is_noted_after_each_run_that_changed_it(bench: Bench, tmp_path: Path) -> None:
    """A run with entries adds a line; one without adds none; acts by hand are covered by the next run."""
    file = tmp_path / "heads.jsonl"
    bench.redeploy(log_rules=LogRules(file))
    _log(bench)
    bench.sync()
    holds.retry(bench.deployment, None)
    bench.sync()
    entries = bench.audit()
    assert [
        {"entries": 7, "head": entries[6]["hash"]},
        {"entries": 8, "head": entries[7]["hash"]},
    ] == [
        {key: json.loads(line)[key] for key in ("entries", "head")}
        for line in file.read_text().splitlines()
    ]
    assert (None, 2) == (
        _verdict(bench, heads=read_heads(file)).broken,
        _verdict(bench, heads=read_heads(file)).heads,
    )


def _alerts(bench: Bench) -> list[str]:
    told = status(bench.deployment, now_s=bench.clock.now_s())["alerts"]
    return [each["key"] for each in told]


def _here(bench: Bench) -> list[str]:
    """What `doctor` says of this deployment itself."""
    return [each.what for each in examine(bench.deployment) if each.connection == HERE]


def test_a_head_that_cannot_be_noted_is_an_alert_and_noted_later(
    bench: Bench, tmp_path: Path
) -> None:
    """A folder that is not there stops no run, is told by `status` and `doctor`, and the next run that can notes the head."""
    file = tmp_path / "mount" / "heads.jsonl"
    bench.redeploy(log_rules=LogRules(file))
    _log(bench)
    assert (["log:file"], False) == (_alerts(bench), file.exists())
    assert f"the head of the log cannot be noted in {file}: No such file" in _here(bench)[0]
    file.parent.mkdir()
    bench.sync()
    assert ([7], []) == ([each.entries for each in read_heads(file)], _alerts(bench))
    assert [] == _here(bench)


def test_a_key_that_cannot_be_read_is_an_alert(
    bench: Bench, tmp_path: Path, keys: tuple[bytes, bytes]
) -> None:
    """No line goes out unsigned; once the key is there, the next run signs the head."""
    file, found = tmp_path / "heads.jsonl", list[bytes]()

    def key() -> tuple[Sign, Check]:
        if not found:
            raise ArgumentError("audit.sign_with: the file key.pem cannot be read")
        return signing(found[0])

    bench.redeploy(log_rules=LogRules(file, key))
    _log(bench)
    assert (["log:key"], False) == (_alerts(bench), file.exists())
    assert [
        "the head of the log cannot be signed: audit.sign_with: the file key.pem cannot be read"
    ] == _here(bench)
    found.append(keys[0])
    bench.sync()
    assert [7] == [each.entries for each in read_heads(file, checking(keys[1]))]
    assert [] == _alerts(bench)


def test_a_torn_line_spoils_no_later_one(bench: Bench, tmp_path: Path) -> None:
    """A line of which a full disk took the end is passed over, and the next one stands by itself."""
    file = tmp_path / "heads.jsonl"
    file.write_text('{"at":"2026-11-20T12:00:00Z","entr')
    bench.redeploy(log_rules=LogRules(file))
    _log(bench)
    assert [7] == [each.entries for each in read_heads(file)]


def test_noted_heads_are_signed(bench: Bench, tmp_path: Path, keys: tuple[bytes, bytes]) -> None:
    """A line bears a signature that the public key alone confirms, and that a changed line loses."""
    file = tmp_path / "heads.jsonl"
    sign, own = signing(keys[0])
    bench.redeploy(log_rules=LogRules(file, lambda: (sign, own)))
    _log(bench)
    check = checking(keys[1])
    assert [7] == [each.entries for each in read_heads(file, check)]
    assert [7] == [each.entries for each in read_heads(file, own)]
    file.write_text(file.read_text().replace('"entries":7', '"entries":6'))
    with pytest.raises(ArgumentError, match=r"heads\.jsonl:1: is not signed by this key"):
        list(read_heads(file, check))


@pytest.mark.parametrize("line", ["", "{}", "[]", "no", '{"entries":7,"head":"x"}'])
def test_an_unsigned_or_broken_line_is_refused(
    tmp_path: Path, keys: tuple[bytes, bytes], line: str
) -> None:
    """Where a key is asked for, a line without a signature is no head."""
    file = tmp_path / "heads.jsonl"
    file.write_text(f"{line}\n")
    with pytest.raises(ArgumentError, match=r"heads\.jsonl:1: is "):
        list(read_heads(file, checking(keys[1])))


def test_an_entry_says_what_why_and_by_which_policy(bench: Bench) -> None:
    """Each entry names the person, the record, both values, both stages and the policy."""
    contact = bench.contact("ann@firm.example", last="Ng")
    outcome = bench.sync()
    bench.form(contact)
    bench.sync()
    entry = next(
        each for each in bench.audit() if each["field"] == "stage" and each["run"] != outcome.run
    )
    assert {
        "person": bench.person("north", "contact", contact),
        "connection": "north",
        "object": "contact",
        "id": contact,
        "before": "contact",
        "after": "lead",
        "stage_from": "contact",
        "stage_to": "lead",
        "policy": bench.deployment.policy.label,
        "actor": "stagesync",
    } == {
        key: entry[key]
        for key in (
            "person",
            "connection",
            "object",
            "id",
            "before",
            "after",
            "stage_from",
            "stage_to",
            "policy",
            "actor",
        )
    }
    assert "contact form or call" in {line["rule"] for line in entry["reasons"]}


def test_a_jump_tells_the_stages_it_passed(bench: Bench) -> None:
    """Entry, history and explain name what was passed on the way up; a step down or to the next rung, nothing."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    deal = {"won": "false", "closed": "false", "opened": iso(bench.clock.at_s)}
    bench.north.add("deal", deal, links={"contact": (contact,)})
    bench.sync()
    bench.north.delete("deal", "2")
    bench.sync()
    passed = ["target", "visitor", "engaged", "lead", "qualified", "accepted"]
    told = [each["implied"] for each in bench.audit() if each["field"] == "stage"]
    assert [[], passed, []] == told
    history = explain(bench.deployment, contact)["history"]
    assert [{}, passed, {}] == [each["implied"].get("standard", {}) for each in history]
    assert ["lead"] == history[1]["implied"]["need-identified"]
    assert None is verify(bench.audit()).broken
