"""The log: complete, chained, and no change to it goes unseen."""

from typing import Any

from sqlalchemy import text

from stagesync.engine.audit import verify
from stagesync.engine.explain import explain

from .bench import Bench, iso


def _log(bench: Bench) -> list[dict[str, Any]]:
    bench.form(bench.contact("ann@firm.example", last="Ng"))
    bench.contact("bob@firm.example", last="Hill")
    bench.sync()
    return bench.audit()


def test_the_log_of_a_run_holds(bench: Bench) -> None:
    """Every written field is one entry, and the chain verifies up to its head."""
    entries = _log(bench)
    verdict = verify(entries)
    assert (6, None, entries[-1]["hash"]) == (verdict.entries, verdict.broken, verdict.head)


def test_a_later_run_continues_the_chain(bench: Bench) -> None:
    """The first entry of a run follows the last one of the run before."""
    _log(bench)
    bench.contact("eve@firm.example", last="Poe")
    bench.sync()
    assert (9, None) == (verify(bench.audit()).entries, verify(bench.audit()).broken)


def test_an_empty_log_holds(bench: Bench) -> None:
    """A log without entries is whole."""
    assert (0, None) == (verify(bench.audit()).entries, verify(bench.audit()).broken)


def test_an_altered_entry_is_found(bench: Bench) -> None:
    """A value that was changed afterwards breaks the chain at that entry."""
    entries = _log(bench)
    entries[2] = {**entries[2], "after": "client"}
    assert (3, "was altered") == (verify(entries).broken, verify(entries).why)


def test_an_altered_entry_is_found_in_the_store(bench: Bench) -> None:
    """Whoever writes to the database itself is found out as well."""
    _log(bench)
    with bench.store.begin() as tx:
        tx.execute(text("UPDATE audit SET entry = replace(entry, 'bob', 'rob')"))
        tx.execute(text("UPDATE audit SET entry = replace(entry, 'north', 'nord') WHERE seq = 2"))
    assert 2 == verify(bench.audit()).broken


def test_a_removed_entry_is_found(bench: Bench) -> None:
    """An entry taken out of the middle leaves a gap."""
    entries = _log(bench)
    del entries[3]
    assert (4, "entry 4 is missing") == (verify(entries).broken, verify(entries).why)


def test_swapped_entries_are_found(bench: Bench) -> None:
    """Two entries that changed places, numbers included, no longer follow one another."""
    entries = _log(bench)
    one, other = entries[1], entries[2]
    entries[1], entries[2] = {**other, "seq": 2}, {**one, "seq": 3}
    assert (2, "does not follow the entry before") == (verify(entries).broken, verify(entries).why)


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
