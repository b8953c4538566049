"""Puts definitions in force that somebody proposed, or puts earlier ones back.

A proposal is kept in the store until somebody adopts or withdraws it. Adopting writes the files; the daemon takes
them over with its next run, whose plan is held until somebody decides about it, see `engine.definition_changes`.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from stagesync.engine import audit
from stagesync.engine.definition_changes import announce
from stagesync.engine.definition_files import (
    DefinitionFiles,
    Texts,
    digest_of_texts,
    read_texts,
    write_texts,
)
from stagesync.engine.live import Live
from stagesync.engine.proposed import Checked, check_set, of_the_set
from stagesync.errors import ArgumentError
from stagesync.store import definitions
from stagesync.store.definitions import ADOPTED, OPEN, WITHDRAWN, Proposal

log = structlog.get_logger()

_NEW_FILE = re.compile(r"vocabularies/[A-Za-z0-9][A-Za-z0-9_-]{0,60}\.yaml")

ELSEWHERE = "carry the change into the repository from which this folder is deployed; its text stands in the proposal"


class NotWritable(ArgumentError):
    """The folder of the definitions cannot be written."""


def propose(
    live: Live,
    checked: Checked,
    *,
    by: str,
    note: str,
    result: Mapping[str, Any] | None,
    now_s: float,
) -> str:
    """Keep a sound set as a proposal; its id.

    Args:
        result: of its backtest; examples, which name people, are not kept.

    Raises:
        ArgumentError: it is not sound, or changes nothing.
    """
    deployment = live.current()
    if checked.deployment is None:
        raise ArgumentError("definitions with problems cannot be proposed")
    if not checked.changed:
        raise ArgumentError("this is what is in force already, word by word")
    found = (
        "pr_"
        + hashlib.blake2s(f"{now_s}/{secrets.token_hex(8)}".encode(), digest_size=4).hexdigest()
    )
    kept = None if result is None else {k: v for k, v in result.items() if k != "examples"}
    with deployment.store.begin(fenced=False) as tx:
        definitions.save_proposal(
            tx,
            Proposal(
                id=found,
                state=OPEN,
                made_at_s=now_s,
                made_by=by,
                note=note,
                policy=checked.deployment.policy.label,
                base=digest_of_texts(deployment.texts),
                files=definitions.keep_texts(tx, checked.texts),
                result=kept,
            ),
        )
        told = {"proposed": found, "files": list(checked.changed)}
        audit.tell(tx, told, actor=by, now_s=now_s, policy=checked.deployment.policy.label)
    return found


def withdraw(live: Live, proposal_id: str, *, by: str, now_s: float) -> None:
    """Let a proposal go that is not adopted.

    Raises:
        ArgumentError: there is no such open proposal.
    """
    with live.current().store.begin(fenced=False) as tx:
        if not definitions.decide_proposal(tx, proposal_id, WITHDRAWN, by=by, at_s=now_s):
            raise ArgumentError(f"no open proposal `{proposal_id}`")
        audit.tell(tx, {"withdrawn": proposal_id}, actor=by, now_s=now_s)


def adopt(live: Live, proposal_id: str, *, by: str, now_s: float) -> None:
    """Write the files of a proposal, and call the daemon.

    Raises:
        ArgumentError: there is no such open proposal, or it no longer fits what is in force.
        NotWritable: the files cannot be written; the proposal stays open.
    """
    deployment, files = live.current(), _demand_files(live)
    with deployment.store.begin(fenced=False) as tx:
        found = definitions.get_proposal(tx, proposal_id)
        if found is None or found.state != OPEN:
            raise ArgumentError(f"no open proposal `{proposal_id}`")
        texts = definitions.texts_of(tx, found.files)
    _demand_unchanged(live, files, found.base)
    checked = check_set(deployment, files, texts, known=True)
    if checked.deployment is None:
        raise ArgumentError(f"it no longer fits: {checked.problems[0]}")
    with live.writing:
        _put_in_force(live, files, texts, found, by=by, now_s=now_s)
    log.info("definitions adopted", proposal=proposal_id, changed=sorted(checked.changed))
    live.stir()


def put_back(live: Live, seq: int, *, by: str, now_s: float) -> str:
    """Put an earlier set back in force, as a proposal that is adopted at once; its id.

    Raises:
        ArgumentError: there is no such set, it is in force, or it no longer fits the connections of today.
        NotWritable: the files cannot be written.
    """
    checked = earlier_set(live, seq)
    if checked.problems:
        raise ArgumentError(f"it no longer fits: {checked.problems[0]}")
    note = f"set {seq} put back"
    found = propose(live, checked, by=by, note=note, result=None, now_s=now_s)
    adopt(live, found, by=by, now_s=now_s)
    return found


def earlier_set(live: Live, seq: int) -> Checked:
    """A set that was in force, examined as it would come back.

    Raises:
        ArgumentError: there is no such set.
    """
    deployment, files = live.current(), _demand_files(live)
    with deployment.store.begin(fenced=False) as tx:
        found = definitions.get_set(tx, seq)
        if found is None:
            raise ArgumentError(f"no set of definitions {seq}")
        texts = definitions.texts_of(tx, found.files)
    return check_set(deployment, files, of_the_set(texts, deployment.texts, files))


def _demand_files(live: Live) -> DefinitionFiles:
    files = live.files()
    if files is None:
        raise ArgumentError("the definitions of this process stand in no files")
    return files


def _demand_unchanged(live: Live, files: DefinitionFiles, base: str) -> None:
    in_force = live.current().texts
    if digest_of_texts(in_force) != base or read_texts(files) != in_force:
        raise ArgumentError(
            "the definitions were changed since this was proposed",
            hint="look at its effect again under those of today, and propose it anew",
        )


def _put_in_force(
    live: Live,
    files: DefinitionFiles,
    texts: Texts,
    found: Proposal,
    *,
    by: str,
    now_s: float,
) -> None:
    store = live.current().store
    # Said before anything is written: whoever looks at the files first must know that their plan is to be held.
    with store.begin(fenced=False) as tx:
        announce(tx, digest_of_texts(texts), by=by, note=found.note)
    try:
        write_set(files, texts)
    except OSError as error:
        with store.begin(fenced=False) as tx:
            announce(tx, "", by="", note="")
        folder = files.home or files.folder
        what = f"{folder} cannot be written: {error.strerror}"
        raise NotWritable(what, hint=ELSEWHERE) from error
    with store.begin(fenced=False) as tx:
        definitions.decide_proposal(tx, found.id, ADOPTED, by=by, at_s=now_s)
        audit.tell(tx, {"adopted": found.id}, actor=by, now_s=now_s, policy=found.policy)


def write_set(files: DefinitionFiles, texts: Texts) -> None:
    """Make the files say what this set says, each of them whole or not at all.

    Raises:
        OSError: one cannot be written.
    """
    home = files.home or files.folder
    paths = files.paths()
    if home != files.folder:
        inside = {name: text for name, text in texts.items() if _is_inside(paths, name, files)}
        _make_folder(files.folder, home, inside)
        texts = {name: text for name, text in texts.items() if name not in inside}
    before = read_texts(files)
    for name, text in texts.items():
        if before.get(name) != text:
            _write(paths[name] if name in paths else _new_path(files, name), text)
    if home == files.folder:
        for name in before.keys() - texts.keys():
            paths[name].unlink()


def _is_inside(paths: Mapping[str, Path], name: str, files: DefinitionFiles) -> bool:
    return name not in paths or paths[name].is_relative_to(files.folder)


def _new_path(files: DefinitionFiles, name: str) -> Path:
    if not _NEW_FILE.fullmatch(name):
        raise ArgumentError(f"no file of definitions may be called `{name}`")
    return files.folder / name


def _make_folder(shipped: Path, home: Path, texts: Texts) -> None:
    """The shipped folder with these texts, as the deployment's own, in one step."""
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".mappings-") as folder:
        made = Path(folder) / "mappings"
        shutil.copytree(shipped, made)
        for path in (made / "vocabularies").glob("*.yaml"):
            if f"vocabularies/{path.name}" not in texts:
                path.unlink()
        write_texts(made, texts)
        made.rename(home)


def _write(path: Path, text: str) -> None:
    """In place of what stands there, or not at all; a link goes on leading there."""
    path = path.resolve()
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    number, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(made).chmod(mode)
        Path(made).replace(path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise
