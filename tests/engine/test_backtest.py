"""A backtest says what a run under other definitions would do, and does nothing."""

import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest
from sqlalchemy import event

from free_hand import UNLIMITED
from stagesync.engine.backtest import backtest
from stagesync.engine.cost import Cost
from stagesync.errors import DefinitionError
from stagesync.loading.definitions import shipped_mappings
from stagesync.store import open_store, plans

from .bench import HERE, Bench, make_bench
from .trials import (
    EASIER,
    OTHERWISE,
    a_base,
    content,
    matrix,
    policy_file,
    put_in_force,
    stages,
    tried,
    under,
)


@pytest.fixture
def base(forward: Bench) -> Bench:
    """A settled base, its vendors' fields written too."""
    forward.redeploy(limits=UNLIMITED)
    a_base(forward)
    forward.sync()
    forward.sync()
    return forward


def test_the_same_policy_moves_nobody(base: Bench, tmp_path: Path) -> None:
    """A copy of the policy in force moves nobody and would write nothing."""
    found = tried(base, policy_file(tmp_path))
    assert (54, 0, {}, {}, []) == (
        found["people"],
        found["moved"],
        found["matrix"],
        found["accounts_matrix"],
        found["examples"],
    )
    assert {(0, 0, 0)} == {(c["values"], c["records"], c["calls"]) for c in found["cost"].values()}


def test_a_backtest_equals_the_run_that_follows(base: Bench, tmp_path: Path) -> None:
    """Moves of people and accounts, and the values written, are those of a run under the new policy."""
    file = policy_file(tmp_path, *OTHERWISE)
    people, accounts = stages(base), stages(base, "account")
    found = tried(base, file)
    outcome = put_in_force(base, file)
    assert matrix(people, stages(base)) == found["matrix"]
    assert matrix(accounts, stages(base, "account")) == found["accounts_matrix"]
    assert found["moved"] > 10
    assert found["accounts_moved"] > 1
    with base.store.begin() as tx:
        planned = Counter(each.connection for each in plans.entries_of(tx, outcome.plan.id))
    assert planned == {name: each["values"] for name, each in found["cost"].items()}
    assert 0 < min(planned.values())


def test_every_example_is_a_move_that_happens(base: Bench, tmp_path: Path) -> None:
    """Whoever is shown as an example moves just so in the run that follows; at most three per pair."""
    file = policy_file(tmp_path, *OTHERWISE)
    examples = tried(base, file)["examples"]
    before = stages(base)
    put_in_force(base, file)
    after = stages(base)
    assert {(e["person"], e["from"], e["to"]) for e in examples} <= {
        (who, before[who], after[who]) for who in after
    }
    pairs = [(each["from"], each["to"]) for each in examples]
    assert sorted(pairs) == pairs
    assert 3 == max(pairs.count(pair) for pair in pairs)


def test_nothing_is_stored(base: Bench, tmp_path: Path) -> None:
    """Every row of every table is the same before and after, and no CRM was called."""
    before = content(base)
    calls = {name: each.calls for name, each in base.connectors.items()}
    tried(base, policy_file(tmp_path, *OTHERWISE))
    assert before == content(base)
    assert calls == {name: each.calls for name, each in base.connectors.items()}


def test_it_goes_on_while_somebody_writes(store_url: str, tmp_path: Path) -> None:
    """A run has the store for itself for a while: a backtest beside it neither waits for that nor sees half of it."""
    bench = make_bench(store=open_store(store_url))
    for number in range(5):
        bench.form(bench.contact(f"p{number}@gmail.com", last="Ng"))
    bench.sync()
    trial = under(bench, policy_file(tmp_path, *EASIER))
    with ThreadPoolExecutor(1) as beside, bench.store.begin() as tx:
        tx.exec_driver_sql("DELETE FROM person")
        found = beside.submit(backtest, bench.deployment, trial).result(timeout=30)
    bench.store.close()
    assert 5 == found["people"]


def test_time_does_not_show_as_policy(base: Bench, tmp_path: Path) -> None:
    """After 60 days without a run the same policy still moves nobody, though time moves many."""
    base.clock.advance(days=60)
    found = tried(base, policy_file(tmp_path))
    stood = stages(base)
    base.sync()
    assert stood != stages(base)
    assert 0 == found["moved"]


def test_values_that_wait_in_any_case_are_told_apart(bench: Bench, tmp_path: Path) -> None:
    """What the definitions in force would write as well is counted beside the new policy's values."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    bench.north.edit("contact", contact, {"stage": "visitor"})
    bench.sync(write=False)
    found = tried(bench, policy_file(tmp_path))["cost"]["north"]
    assert (1, 1, 2, 2) == (
        found["values"],
        found["values_now"],
        found["calls"],
        found["calls_now"],
    )


def test_an_example_says_which_rules_and_axes_made_it(bench: Bench, tmp_path: Path) -> None:
    """A person who moves is shown with ids, the axis, the score and the rules that differ, and no more."""
    company = bench.north.add(
        "company",
        {"domain": "firm.example", "employees": "200", "industry": "software", "country": "FR"},
    )
    contact = bench.contact(
        "ann@firm.example", last="Ng", title="CEO", country="FR", links={"company": (company,)}
    )
    bench.form(contact)
    bench.sync()
    edit = ("points: 30, activity: [contact_form", "points: 55, activity: [contact_form")
    example = tried(bench, policy_file(tmp_path, edit))["examples"][0]
    person = bench.person("north", "contact", contact)
    assert ("lead", "qualified", person) == (example["from"], example["to"], example["person"])
    assert [{"connection": "north", "object": "contact", "id": contact}] == example["records"]
    assert [{"axis": "qualification", "before": "started", "after": "ready"}] == example["axes"]
    assert [("interest", "contact form or call", 30, 55)] == [
        (each["score"], each["rule"], round(each["before"]), round(each["after"]))
        for each in example["rules"]
    ]


def test_no_personal_data_is_told(base: Bench, tmp_path: Path) -> None:
    """No address, name or title of anybody stands in the document."""
    written = orjson.dumps(tried(base, policy_file(tmp_path, *OTHERWISE))).decode()
    assert [] == [
        word for word in ("example", "Ng", "Director", "CEO") if f"{word}" in _values(written)
    ]


def _values(written: str) -> str:
    """The document without its own key of that name."""
    return written.replace('"examples"', "")


def test_an_easier_threshold_moves_leads_up_and_nobody_else(base: Bench, tmp_path: Path) -> None:
    """Asking for fewer points makes leads qualified; no other pair moves."""
    found = tried(base, policy_file(tmp_path, *EASIER))
    assert {"lead": {"qualified": found["moved"]}} == found["matrix"]
    assert found["moved"] > 0
    count = found["stages"]["qualified"]
    assert found["moved"] == count["after"] - count["before"]


def test_either_side_may_be_named(base: Bench, tmp_path: Path) -> None:
    """The same two policies the other way round give the same moves backwards."""
    trial = under(base, policy_file(tmp_path, *OTHERWISE))
    there, back = backtest(base.deployment, trial), backtest(trial, base.deployment)
    mirrored = {
        (to, stage, count) for stage, row in there["matrix"].items() for to, count in row.items()
    }
    assert mirrored == {
        (stage, to, count) for stage, row in back["matrix"].items() for to, count in row.items()
    }


def test_another_vocabulary_tells_other_moves(base: Bench, tmp_path: Path) -> None:
    """Stages of any vocabulary can be compared; the words are that one's."""
    trial = under(base, policy_file(tmp_path, *EASIER))
    found = backtest(base.deployment, trial, vocabulary="btob-scoring")
    assert {"lead": {"prospect": found["moved"]}} == found["matrix"]


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "next"
    (folder / "vocabularies").mkdir(parents=True)
    for each in (shipped_mappings() / "vocabularies").glob("*.yaml"):
        shutil.copy(each, folder / "vocabularies")
    policy_file(folder).rename(folder / "policy.yaml")
    return folder


def _replace(file: Path, old: str, new: str) -> None:
    words = file.read_text(encoding="utf-8")
    assert old in words
    file.write_text(words.replace(old, new), encoding="utf-8")


def test_a_folder_brings_its_own_vocabularies(base: Bench, tmp_path: Path) -> None:
    """A folder of definitions is read whole: a vocabulary that moved its border moves people."""
    folder = _folder(tmp_path)
    border = "{interest: passive}", "{interest: passive, fit: inside}"
    _replace(folder / "vocabularies" / "standard.yaml", *border)
    assert {"visitor"} == set(tried(base, folder)["matrix"])


def test_a_folder_may_say_what_would_be_written(base: Bench, tmp_path: Path) -> None:
    """A mapping file in the folder is believed about writes, and records are read as ever."""
    folder = _folder(tmp_path)
    shutil.copy(HERE / "north.yaml", folder)
    alone = "score:      {value: score.interest, owner: ours"
    _replace(folder / "north.yaml", f"{alone}, only_with: stage}}", f"{alone}}}")
    _replace(
        folder / "north.yaml", "person.country:   {from: country", "person.country:   {from: first"
    )
    base.clock.advance(days=3)
    found = tried(base, folder)
    assert (0, 0) == (found["moved"], found["cost"]["south"]["values"])
    assert found["cost"]["north"]["values"] > 0


def test_calls_are_batches_of_one_object() -> None:
    """A request takes as many records as the connector can send, and of one object only; each batch is read once more."""
    cost = Cost(records=Counter(contact=201, lead=1, account=0))
    assert (4, 4, 8) == (cost.reads(100), cost.writes(100), cost.calls(100))


def test_a_policy_is_read_with_all_vocabularies_or_not_at_all(bench: Bench, tmp_path: Path) -> None:
    """What no longer fits a policy is told with file and line, every vocabulary's and the policy's own."""
    file = policy_file(tmp_path, ("request: {activity: $requests", "asked: {activity: $requests"))
    with pytest.raises(DefinitionError) as told:
        under(bench, file)
    files = {Path(each.file).name for each in told.value.problems}
    assert {"trial.yaml", "standard.yaml", "inbound-funnel.yaml"} <= files
    assert all(each.line for each in told.value.problems)


def test_the_main_vocabulary_may_not_be_missing(bench: Bench, tmp_path: Path) -> None:
    """A folder without the vocabulary in which plans are told is refused, naming it."""
    folder = _folder(tmp_path)
    for each in (folder / "vocabularies").iterdir():
        if each.stem != "inbound-funnel":
            each.unlink()
    with pytest.raises(DefinitionError) as told:
        under(bench, folder)
    assert (str(folder), "vocabularies") == (
        told.value.problems[0].file,
        told.value.problems[0].path,
    )
    assert "`standard`" in told.value.problems[0].message


def test_a_mapping_that_no_longer_fits_is_told(bench: Bench, tmp_path: Path) -> None:
    """An activity that a mapping tells and the policy no longer knows is a problem of the mapping."""
    written = (shipped_mappings() / "policy.yaml").read_text(encoding="utf-8")
    file = tmp_path / "trial.yaml"
    file.write_text(written.replace("site_visit, ", ""), encoding="utf-8")
    with pytest.raises(DefinitionError) as told:
        under(bench, file)
    assert ["north.yaml"] == [Path(each.file).name for each in told.value.problems]


@pytest.mark.one_kind
def test_a_large_base_takes_a_bounded_number_of_queries(bench: Bench, tmp_path: Path) -> None:
    """Two thousand people are asked for in batches: at most 60 queries a thousand."""
    for number in range(500):
        account = bench.south.add(
            "account", {"Website": f"f{number}.example", "Name": f"F{number}"}
        )
        for each in range(4):
            bench.member(
                f"p{each}@f{number}.example",
                LastName=f"N{number}x{each}",
                links={"account": (account,)},
            )
    bench.sync(write=False)
    asked: list[str] = []
    event.listen(bench.store._engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    found = tried(bench, policy_file(tmp_path, *OTHERWISE))
    assert 2_000 == found["people"]
    assert [] == [each for each in asked if not each.lstrip().startswith("SELECT")]
    assert len(asked) <= 60 * 3
