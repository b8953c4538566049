"""Definitions that somebody adopts are held whole until somebody decides, are kept, and can be put back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stagesync.domain.guard import Rule
from stagesync.engine.adoption import NotWritable, adopt, propose, put_back, withdraw, write_set
from stagesync.engine.decide import decide
from stagesync.engine.definition_changes import notice_definitions, undecided_since
from stagesync.engine.definition_files import DefinitionFiles, deployment_with, read_texts
from stagesync.engine.live import Live
from stagesync.engine.outcome import Outcome
from stagesync.engine.proposed import HANDED_IN, Given, check_given, check_set
from stagesync.errors import ArgumentError, Problem
from stagesync.loading.definitions import shipped_mappings
from stagesync.store import definitions, state

from .bench import HERE, Bench
from .deployed import FEWER_LEADS, STANDARD, Deployed, deployed

NOBODY_MOVES = ("[email_open", "[email_click")


@pytest.fixture
def place(bench: Bench, tmp_path: Path) -> Deployed:
    return deployed(bench, tmp_path / "mappings")


def handed_in(place: Deployed, name: str, old: str, new: str) -> Given:
    """A file of the set with a text replaced, as somebody pastes it."""
    text = place.live.current().texts[name]
    assert old in text, f"{old} is not in {name}"
    return Given(text.replace(old, new).replace("\n", "\r\n"))


def proposed(place: Deployed, name: str, old: str, new: str) -> str:
    """A proposal of Ed's, of a set that is sound."""
    files, current = place.live.files(), place.live.current()
    assert files is not None
    texts = {**current.texts, name: current.texts[name].replace(old, new)}
    checked = check_set(current, files, texts, known=True)
    assert ((), (name,)) == (checked.problems, checked.changed)
    now_s = place.bench.clock.now_s()
    return propose(place.live, checked, by="ed", note="stricter", result=None, now_s=now_s)


def adopted(place: Deployed, name: str, old: str, new: str) -> None:
    """The same, and in force with the next run."""
    adopt(place.live, proposed(place, name, old, new), by="ed", now_s=place.bench.clock.now_s())


def waits(bench: Bench) -> bool:
    with bench.store.begin() as tx:
        return undecided_since(tx) is not None


def approve(place: Deployed, outcome: Outcome, *, yes: bool = True) -> None:
    now_s = place.bench.clock.now_s()
    decide(place.bench.deployment, outcome.plan.id, approve=yes, by="ann", now_s=now_s)


def a_lead(place: Deployed) -> str:
    """A contact whom the stricter vocabulary makes a lead no more."""
    contact = place.bench.contact("ann@gmail.com", last="Ng")
    place.bench.form(contact)
    place.run()
    assert "lead" == place.bench.stage(contact)
    return contact


def test_adopted_definitions_are_held_for_one_person_and_with_all_else(place: Deployed) -> None:
    """Nothing is written before somebody approves: neither who moves by it, nor newcomers, nor new facts."""
    bench, contact = place.bench, a_lead(place)
    other = bench.contact("bo@gmail.com", last="Bo")
    place.run()
    adopted(place, STANDARD, *FEWER_LEADS)
    newcomer = bench.contact("new@gmail.com", last="Hill")
    bench.north.edit("contact", other, {"title": "Director"})
    outcome = place.run()
    assert {Rule.DEFINITION} == {trip.rule for trip in outcome.plan.trips}
    assert (3, 0, "lead", None) == (
        outcome.exit_code,
        bench.written(outcome),
        bench.stage(contact),
        bench.stage(newcomer),
    )
    bench.form(newcomer)
    assert 0 == bench.written(place.run()), "what changes meanwhile waits with it"
    approve(place, outcome)
    assert 0 == place.run().exit_code
    assert ("contact", "contact") == (bench.stage(contact), bench.stage(newcomer))
    assert not waits(bench)


def test_a_dropped_change_leaves_the_crms_as_they_are(place: Deployed) -> None:
    """The definitions stay in force; who moved by them keeps the old stage there, and others go on."""
    bench, contact = place.bench, a_lead(place)
    adopted(place, STANDARD, *FEWER_LEADS)
    approve(place, place.run(), yes=False)
    newcomer = bench.contact("new@gmail.com", last="Hill")
    outcome = place.run()
    assert (0, "lead", "contact") == (
        outcome.exit_code,
        bench.stage(contact),
        bench.stage(newcomer),
    )


def test_a_word_about_another_plan_decides_nothing(place: Deployed) -> None:
    """Whoever drops an older plan while the first run under adopted definitions is under way decides about that one."""
    bench = place.bench
    contacts = [bench.contact(f"p{n}@gmail.com", last=f"Ng{n}") for n in range(30)]
    place.run()
    for contact in contacts:
        bench.form(contact)
    older = place.run()
    assert older.plan.held
    adopted(place, STANDARD, *FEWER_LEADS)
    with bench.store.begin() as tx:
        notice_definitions(tx, place.live.take_over(), now_s=bench.clock.now_s())
    approve(place, older, yes=False)
    assert waits(bench)


def test_a_change_that_moves_nobody_waits_for_nobody(place: Deployed) -> None:
    """Its plan is empty, so there is nothing to decide, and the next newcomer is written."""
    place.bench.contact("ann@gmail.com", last="Ng")
    place.run()
    adopted(
        place,
        "vocabularies/target-first.yaml",
        "vocabulary: target-first",
        "# again\nvocabulary: target-first",
    )
    place.run()
    adopted(place, "policy.yaml", "version: 1 ", "version: 2 ")
    outcome = place.run()
    assert (0, False) == (outcome.plan.held, waits(place.bench))
    newcomer = place.bench.contact("new@gmail.com", last="Hill")
    place.run()
    assert "contact" == place.bench.stage(newcomer)


def test_what_was_approved_before_lets_no_later_definition_through(place: Deployed) -> None:
    """What is left of an approval of moves by one change is no approval of the same moves by the next."""
    bench, contact = place.bench, a_lead(place)
    place.edit(STANDARD, *FEWER_LEADS)
    approve(place, place.run())
    # The one who was to move has gone before it was written: her approval is free.
    bench.north.delete("contact", contact)
    place.edit(STANDARD, *reversed(FEWER_LEADS))
    other = a_lead(place)
    place.edit(STANDARD, *FEWER_LEADS)
    assert (3, "lead") == (place.run().exit_code, bench.stage(other))


def test_every_set_in_force_is_kept_with_who_brought_it(place: Deployed) -> None:
    """Files changed by hand bear no name; the text of each file is kept once."""
    a_lead(place)
    place.edit("policy.yaml", "version: 1 ", "version: 2 ")
    place.run()
    adopted(place, STANDARD, *FEWER_LEADS)
    place.run()
    place.run()
    with place.bench.store.begin() as tx:
        found = definitions.sets(tx, most=9)
        texts = definitions.texts_of(tx, found[0].files)
        count = tx.exec_driver_sql("SELECT COUNT(*) FROM definition_text").scalar_one()
    assert [(3, "ed", "stricter"), (2, "", ""), (1, "", "")] == [
        (each.seq, each.adopted_by, each.note) for each in found
    ]
    assert texts == place.live.current().texts
    assert len(texts) + 2 == count


def test_an_earlier_set_is_put_back_and_held(place: Deployed) -> None:
    """Its files stand as they did; the plan that takes the moves back waits for approval like any other."""
    bench, contact = place.bench, a_lead(place)
    before = place.live.current().texts
    adopted(place, STANDARD, *FEWER_LEADS)
    approve(place, place.run())
    place.run()
    assert "contact" == bench.stage(contact)
    put_back(place.live, 1, by="ann", now_s=bench.clock.now_s())
    outcome = place.run()
    assert (before, 3) == (place.live.current().texts, outcome.exit_code)
    approve(place, outcome)
    place.run()
    assert "lead" == bench.stage(contact)
    told = [each["result"] for each in bench.audit() if each["actor"] in {"ed", "ann"}]
    assert 2 * [{"proposed", "files"}, {"adopted"}, {"approved", "values"}] == [
        set(each) for each in told
    ]


def test_putting_back_removes_what_came_later(place: Deployed) -> None:
    """A vocabulary that the earlier set did not have is gone from the folder; its text stays in the history."""
    path = place.folder / "vocabularies" / "target-first.yaml"
    text = path.read_text()
    path.unlink()
    place.run()
    path.write_text(text)
    place.run()
    put_back(place.live, 1, by="ann", now_s=place.bench.clock.now_s())
    place.run()
    assert (False, False) == (path.exists(), "target-first" in place.live.current().vocabularies)


def test_a_proposal_of_other_days_is_not_adopted(place: Deployed) -> None:
    """When the files were changed meanwhile it has to be looked at anew; a withdrawn one is gone."""
    first = proposed(place, STANDARD, *FEWER_LEADS)
    place.edit("policy.yaml", "version: 1 ", "version: 2 ")
    now_s = place.bench.clock.now_s()
    with pytest.raises(ArgumentError, match="were changed since"):
        adopt(place.live, first, by="ed", now_s=now_s)
    withdraw(place.live, first, by="ed", now_s=now_s)
    with pytest.raises(ArgumentError, match="no open proposal"):
        adopt(place.live, first, by="ed", now_s=now_s)


def test_a_folder_that_cannot_be_written_is_told_with_what_to_do(bench: Bench) -> None:
    """Nothing is in force then, nothing is announced, and the proposal stays open."""
    files = DefinitionFiles(
        shipped_mappings(),
        {name: HERE / f"{name}.yaml" for name in bench.crms},
        # Nobody makes a folder there, not even root.
        home=Path("/proc/mappings"),
    )
    live = Live(deployment_with(bench.deployment, files), lambda: files)
    place = Deployed(bench, files.folder, live)
    found = proposed(place, STANDARD, *FEWER_LEADS)
    with pytest.raises(NotWritable, match="cannot be written") as told:
        adopt(live, found, by="ed", now_s=bench.clock.now_s())
    assert "repository" in str(told.value.hint)
    place.run()
    with bench.store.begin() as tx:
        kept = definitions.get_proposal(tx, found)
        announced = state.get_meta(tx, "definitions.adopted")
    assert kept is not None
    assert ("open", "", False) == (kept.state, announced, waits(bench))


def test_the_shipped_definitions_are_copied_first(bench: Bench, tmp_path: Path) -> None:
    """A deployment without a folder of its own gets one, whole, with the change in it; what is shipped stays."""
    home = tmp_path / "mappings"
    files = DefinitionFiles(
        shipped_mappings(),
        {name: HERE / f"{name}.yaml" for name in bench.crms},
        home=home,
    )
    before = read_texts(files)
    write_set(files, {**before, STANDARD: before[STANDARD].replace(*FEWER_LEADS)})
    after = read_texts(replace(files, folder=home))
    assert [STANDARD] == [name for name in before if before[name] != after[name]]
    assert before == read_texts(files)
    assert (home / "salesforce.yaml").is_file(), "also what no connection uses"
    assert ["mappings"] == [each.name for each in tmp_path.iterdir()]


def test_a_change_is_told_with_everything_wrong(place: Deployed) -> None:
    """Each problem has its file of the set, line and path; nothing says where it was examined."""
    files = place.live.files()
    assert files is not None
    current = place.live.current()
    wrong = handed_in(place, STANDARD, "when: {interest: request}}", "when: {interest: nonsense}}")
    (found,) = check_given(current, files, [wrong]).problems
    assert (STANDARD, True, True) == (found.file, found.line > 0, found.path.startswith("stages"))
    renamed = handed_in(place, "policy.yaml", "  interest:", "  curiosity:")
    problems = check_given(current, files, [renamed]).problems
    assert {"policy.yaml"} <= {each.file for each in problems}
    assert not any("/tmp" in str(each) for each in problems)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (Given("colour: red"), Problem(HANDED_IN, 0, "", "begins with neither")),
        (Given("policy: [a"), Problem(HANDED_IN, 2, "", "is not YAML")),
        (
            Given("vocabulary: ../x"),
            Problem(HANDED_IN, 0, "vocabulary", "a new vocabulary is named"),
        ),
        (Given("connector: sql"), Problem(HANDED_IN, 0, "connector", "no connection is of")),
        (Given("policy: p", "../policy.yaml"), Problem(HANDED_IN, 0, "", "takes the place of no")),
        (Given("policy: !!python/name:os.system x"), Problem(HANDED_IN, 1, "", "has the tag")),
        (Given("#" * 600_000, "policy.yaml"), Problem("policy.yaml", 0, "", "is larger than")),
    ],
)
def test_a_text_that_is_no_definition_is_told_why(
    place: Deployed, given: Given, problem: Problem
) -> None:
    """Whatever is handed in names no path, makes no object and is not large."""
    files = place.live.files()
    assert files is not None
    (found,) = check_given(place.live.current(), files, [given]).problems
    assert (problem.file, problem.line, problem.path) == (found.file, found.line, found.path)
    assert found.message.startswith(problem.message)
