"""A daemon takes over changed definitions between two runs, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from stagesync.engine import live as live_module
from stagesync.engine.daemon import run_daemon
from stagesync.engine.definition_files import DefinitionFiles, deployment_with, marks_of
from stagesync.engine.live import Live
from stagesync.engine.outcome import Outcome
from stagesync.store import alerts

from .bench import Bench
from .deployed import FEWER_LEADS, STANDARD, Deployed, deployed
from .test_daemon import Patience


@pytest.fixture
def place(bench: Bench, tmp_path: Path) -> Deployed:
    return deployed(bench, tmp_path / "mappings")


def alerted(bench: Bench) -> list[tuple[str, str]]:
    """Alerts about this deployment itself that stand."""
    with bench.store.begin() as tx:
        return [(each.key, each.what) for each in alerts.standing(tx, "")]


def test_the_next_run_of_a_daemon_works_with_changed_definitions(place: Deployed) -> None:
    """A vocabulary is edited while the daemon waits: nobody restarts it, and the plan that it makes is held."""
    contact = place.bench.contact("ann@gmail.com", last="Ng")
    place.bench.form(contact)
    held: list[int] = []

    def after(outcome: Outcome) -> None:
        held.append(outcome.plan.held)
        if len(held) == 1:
            assert "lead" == place.bench.stage(contact)
            place.edit(STANDARD, *FEWER_LEADS)

    run_daemon(place.live, stop=Patience(2, place.bench), after_run=after)
    assert [0, True] == [held[0], held[1] > 0]
    assert "lead" == place.bench.stage(contact), "what changed by it waits for approval"


def test_wrong_definitions_are_told_and_not_followed(place: Deployed) -> None:
    """Runs go on under those before, an alert names the first problem with its line, and ends when it is put right."""
    before = place.live.take_over()
    place.edit(STANDARD, "when: {interest: request}}", "when: {interest: nonsense}}")
    assert before is place.live.take_over()
    ((key, what),) = alerted(place.bench)
    assert "definitions:files" == key
    assert f"{place.folder / STANDARD}:" in what
    assert "nonsense" in what
    place.edit(STANDARD, "when: {interest: nonsense}}", "when: {interest: request}}")
    place.run()
    assert [] == alerted(place.bench)


def test_a_set_is_taken_over_whole(place: Deployed) -> None:
    """A sound policy beside a broken vocabulary waits with it."""
    place.edit("policy.yaml", "at_least: 50, keep_at: 35", "at_least: 25, keep_at: 20")
    place.edit(STANDARD, "when: {interest: request}}", "when: {interest: nonsense}}")
    digest = place.live.current().policy.digest
    assert digest == place.live.take_over().policy.digest
    place.edit(STANDARD, "when: {interest: nonsense}}", "when: {interest: request}}")
    assert digest != place.live.take_over().policy.digest


def test_untouched_files_are_not_read(place: Deployed) -> None:
    """A look from outside is all that a run costs while nothing changes there."""
    current, path = place.live.take_over(), place.folder / "policy.yaml"
    told = path.stat()
    place.edit("policy.yaml", "at_least: 50, keep_at: 35", "at_least: 25, keep_at: 20")
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))
    assert current is place.live.take_over(), "of the same size, age and place"
    os.utime(path)
    assert current.policy.digest != place.live.take_over().policy.digest


def test_a_new_and_a_removed_vocabulary_are_noticed(place: Deployed) -> None:
    """The folder's list counts, not only the files that were there."""
    path = place.folder / "vocabularies" / "target-first.yaml"
    text = path.read_text()
    path.unlink()
    assert "target-first" not in place.live.take_over().vocabularies
    path.write_text(text)
    assert "target-first" in place.live.take_over().vocabularies


def test_who_is_still_writing_is_read_again(
    place: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that change while they are loaded are looked at once more by the next run."""
    place.live.take_over()
    original = live_module.deployment_with

    def slow(*given: object) -> object:
        found = original(*given)  # type: ignore[arg-type]  # passed on as they came
        monkeypatch.setattr(live_module, "deployment_with", original)
        place.edit(STANDARD, *FEWER_LEADS)
        return found

    monkeypatch.setattr(live_module, "deployment_with", slow)
    place.edit("policy.yaml", "at_least: 50, keep_at: 35", "at_least: 25, keep_at: 20")
    first = place.live.take_over()
    second = place.live.take_over()
    assert first.policy.digest == second.policy.digest
    assert first.definitions != second.definitions


def test_settings_newer_than_the_process_are_told(place: Deployed) -> None:
    """They take a restart: an alert says so, until they are as they were or the daemon is started anew."""
    settings = place.folder.parent / "stagesync.yaml"
    before = settings.read_text()
    place.live.take_over()
    settings.write_text("language: fr\n")
    place.live.take_over()
    ((key, what),) = alerted(place.bench)
    assert ("settings:stagesync.yaml", True) == (key, "was changed since" in what)
    files = place.live.files()
    assert files is not None
    Live(place.live.current(), lambda: files).take_over()
    assert [] == alerted(place.bench), "a new process has read them"
    settings.write_text(before)


def test_a_comment_is_taken_over_without_a_plan(place: Deployed) -> None:
    """Other letters that say the same move nobody, and nobody is evaluated for them."""
    place.bench.contact("ann@firm.example", last="Ng")
    place.run()
    place.edit("policy.yaml", "version: 1 ", "version: 1  ")
    with capture_logs() as told:
        outcome = place.run()
    assert (0, 0) == (outcome.plan.held, len(outcome.evaluated.people))
    assert ["definitions taken over"] == [
        each["event"] for each in told if each["event"] == "definitions taken over"
    ]


def test_a_mapping_outside_the_folder_is_part_of_the_set(bench: Bench, tmp_path: Path) -> None:
    """A connection may name a file of its own; its change is followed, too."""
    place = deployed(bench, tmp_path / "mappings")
    own = tmp_path / "mine.yaml"
    own.write_text((place.folder / "north.yaml").read_text())
    files = DefinitionFiles(place.folder, {"north": own, "south": place.folder / "south.yaml"})
    live = Live(deployment_with(bench.deployment, files), lambda: files)
    assert "connections/north.yaml" in live.current().texts
    marks = marks_of(files)
    own.write_text(own.read_text().replace("version: 1", "version: 2"))
    assert marks != marks_of(files)
    assert 2 == live.take_over().connections["north"].mapping.version
