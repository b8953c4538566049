"""A change of the definitions: tried on the whole base, proposed, adopted, and earlier ones put back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from sqlalchemy import Connection
from starlette.datastructures import UploadFile
from starlette.responses import Response

from stagesync.engine import adoption
from stagesync.engine.backtest import backtest
from stagesync.engine.definition_files import digest_of_texts
from stagesync.engine.definition_history import diff_document, proposal_document
from stagesync.engine.deployment import Deployment
from stagesync.engine.logins import Role
from stagesync.engine.proposed import HANDED_IN, Checked, Given, check_given
from stagesync.engine.trial import as_trial
from stagesync.errors import Problem
from stagesync.store import definitions as stored
from stagesync.web.ask import Ask
from stagesync.web.draw.moves import Move, moves_picture
from stagesync.web.jobs import Job
from stagesync.web.rooms import act, page

LARGEST = 1024 * 1024
"""Bytes of all that is handed in at a time."""

AROUND = 4
"""Lines shown before and after a wrong one."""

LISTED = 20
"""Proposals of the list."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a preview came to.

    Attributes:
        document: as `stagesync backtest` tells it.
        files: what differs, file by file.
    """

    checked: Checked
    document: dict[str, Any]
    files: list[dict[str, Any]]

    def picture(self, ask: Ask) -> Markup:
        """Who moves, as bands."""
        return picture_of(ask, self.document)


def picture_of(ask: Ask, effect: Mapping[str, Any] | None) -> Markup:
    """Who moves from where to where; empty by another vocabulary than the main one."""
    if effect is None or effect["vocabulary"] != ask.deployment.main_vocabulary:
        return Markup("")
    moves = [
        Move(start, end, count)
        for start, ends in effect["matrix"].items()
        for end, count in ends.items()
    ]
    return moves_picture(ask, moves, title=ask.say("People who move"))


def form(ask: Ask) -> Response:
    """Where a change is handed in."""
    return _form(ask)


def _form(ask: Ask, **more: Any) -> Response:
    with ask.read() as tx:
        known = [proposal_document(each) for each in stored.proposals(tx, most=LISTED)]
    given: dict[str, Any] = {"text": "", "name": "", "problems": (), "lines": []}
    return ask.page(
        "preview.html",
        status=422 if more.get("problems") else 200,
        proposals=known,
        names=list(ask.deployment.texts),
        vocabularies=ask.deployment.vocabularies,
        chosen=ask.text("vocabulary") or ask.deployment.main_vocabulary,
        can=ask.house.live.files() is not None,
        tab="preview",
        **given | more,
    )


def look(ask: Ask) -> Response:
    """Checks what was handed in; a sound change is tried on the whole base."""
    files = ask.house.live.files()
    if files is None:
        return ask.refused(ask.say("The definitions of this process stand in no files."))
    given = _given(ask)
    if not given:
        return _form(ask, problems=(Problem(HANDED_IN, 0, "", ask.say("nothing was handed in")),))
    checked = check_given(ask.deployment, files, given)
    if checked.problems:
        return _form(ask, **_beside(given, checked))
    if not checked.changed:
        told = ask.say("this is what is in force already, word by word")
        return _form(ask, text=given[0].text, problems=(Problem(HANDED_IN, 0, "", told),))
    return _begin(ask, checked)


def _given(ask: Ask) -> list[Given]:
    pasted = str(ask.form.get("text", ""))
    found = [Given(pasted, ask.text("name"))] if pasted.strip() else []
    for each in ask.form.getlist("files"):
        if not isinstance(each, UploadFile):
            continue
        with each.file as file:
            data = file.read(LARGEST)
        if data:
            # Bytes that are no text become a character that no definition holds.
            found.append(Given(data.decode("utf-8", errors="replace")))
    return found


def _beside(given: list[Given], checked: Checked) -> dict[str, Any]:
    """The text with the lines that are wrong, where one alone was handed in; else the problems alone."""
    found: dict[str, Any] = {"problems": checked.problems}
    if len(given) == 1:
        own = checked.changed[0] if checked.changed else HANDED_IN
        wrong: dict[int, list[str]] = {}
        for each in checked.problems:
            if each.file in (own, HANDED_IN):
                told = f"{each.path}: {each.message}" if each.path else each.message
                wrong.setdefault(each.line, []).append(told)
        text = given[0].text.replace("\r\n", "\n")
        found |= {"text": text, "name": given[0].name, "own": own}
        found["lines"] = _around(text.splitlines(), wrong)
    return found


def _around(lines: list[str], wrong: dict[int, list[str]]) -> list[tuple[int, str, list[str]]]:
    """The wrong lines and some before and after each, with their numbers; a number 0 stands for what is left out."""
    shown = sorted(
        {
            number
            for each in wrong
            for number in range(each - AROUND, each + AROUND + 1)
            if each and 1 <= number <= len(lines)
        }
    )
    found: list[tuple[int, str, list[str]]] = []
    for number in shown:
        if number - 1 != (found[-1][0] if found else 0):
            found.append((0, "", []))
        found.append((number, lines[number - 1], wrong.get(number, [])))
    return found


def again(ask: Ask) -> Response:
    """Tries an earlier set on the whole base, before it is put back."""
    checked = adoption.earlier_set(ask.house.live, int(ask.path["seq"]))
    if checked.problems:
        return _form(ask, problems=checked.problems)
    return _begin(ask, checked)


def _begin(ask: Ask, checked: Checked) -> Response:
    deployment = ask.deployment
    vocabulary = ask.text("vocabulary") or deployment.main_vocabulary
    assert checked.deployment is not None
    if not all(vocabulary in each.vocabularies for each in (deployment, checked.deployment)):
        told = ask.say("The vocabulary {name} is not there before and after.", name=vocabulary)
        return ask.refused(told)
    job = ask.jobs.start(
        f"preview {digest_of_texts(checked.texts)} {vocabulary}",
        lambda job: effect_of(deployment, checked, vocabulary, job),
        by=ask.actor,
        title=ask.say("What the change would do"),
        shown="_effect.html",
    )
    return ask.go(f"/jobs/{job.id}")


def effect_of(deployment: Deployment, checked: Checked, vocabulary: str, job: Job) -> Effect:
    """The whole base under both sets."""
    assert checked.deployment is not None
    trial = as_trial(deployment, checked.deployment)
    found = backtest(deployment, trial, vocabulary=vocabulary, progress=job)
    return Effect(checked, found, diff_document(deployment.texts, checked.texts))


def propose(ask: Ask) -> Response:
    """Keeps a change that was tried."""
    job = ask.jobs.get(ask.text("job"))
    if job is None or not isinstance(job.result, Effect):
        return ask.missing(ask.say("Nothing is known of this preview any more: make it again."))
    effect = job.result
    found = adoption.propose(
        ask.house.live,
        effect.checked,
        by=ask.actor,
        note=ask.text("note")[:500],
        result=effect.document,
        now_s=ask.now_s,
    )
    return ask.go(f"/definitions/proposals/{found}", said=ask.say("The change is proposed."))


def proposal(ask: Ask) -> Response:
    """One proposal, with its effect and its text."""
    with ask.read() as tx:
        found = stored.get_proposal(tx, ask.path["proposal"])
        after = stored.texts_of(tx, found.files) if found else {}
        before = _base(tx, found.base) if found else None
    if found is None:
        return ask.missing(ask.say("There is no such proposal."))
    in_force = ask.deployment.texts
    is_open = found.state == stored.OPEN
    return ask.page(
        "proposal.html",
        proposal=proposal_document(found),
        picture=picture_of(ask, found.result),
        fits=digest_of_texts(in_force) == found.base,
        files=diff_document(in_force if is_open or before is None else before, after),
        tab="preview",
    )


def _base(tx: Connection, digest: str) -> dict[str, str] | None:
    found = stored.set_of(tx, digest)
    return None if found is None else stored.texts_of(tx, found.files)


def adopt(ask: Ask) -> Response:
    """Puts a proposal in force; the plan that follows is held."""
    adoption.adopt(ask.house.live, ask.path["proposal"], by=ask.actor, now_s=ask.now_s)
    return _adopted(ask)


def withdraw(ask: Ask) -> Response:
    """Lets a proposal go."""
    adoption.withdraw(ask.house.live, ask.path["proposal"], by=ask.actor, now_s=ask.now_s)
    return ask.go("/definitions/preview", said=ask.say("The proposal is withdrawn."))


def put_back(ask: Ask) -> Response:
    """Puts an earlier set in force; the plan that follows is held."""
    adoption.put_back(ask.house.live, int(ask.path["seq"]), by=ask.actor, now_s=ask.now_s)
    return _adopted(ask)


def _adopted(ask: Ask) -> Response:
    ask.wake()
    told = ask.say("Adopted. The next run works with it, and its plan waits for approval.")
    return ask.go("/definitions/history", said=told)


ROOMS = (
    page("/definitions/preview", form),
    act("/definitions/preview", look, role=Role.EDITOR, largest=LARGEST),
    act("/definitions/propose", propose, role=Role.EDITOR),
    page("/definitions/proposals/{proposal}", proposal),
    act("/definitions/proposals/{proposal}/adopt", adopt, role=Role.EDITOR),
    act("/definitions/proposals/{proposal}/withdraw", withdraw, role=Role.EDITOR),
    act("/definitions/history/{seq:int}/preview", again, role=Role.EDITOR),
    act("/definitions/history/{seq:int}/put-back", put_back, role=Role.EDITOR),
)
