"""What other programs say is read as a stranger's word: it is told as unreadable, soon, and nothing else breaks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from tests.fuzz import feeding

from stagesync.connector import (
    AnswerUnreadable,
    CrmError,
    Origin,
    Reach,
    Secret,
    WrongCall,
    reads_answers_of,
)
from stagesync.domain.duration import seconds_of
from stagesync.domain.text import fold
from stagesync.domain.titles import function_of, seniority_of
from stagesync.domain.transforms import TRANSFORMS
from stagesync.engine.parked import code_of, complaint_of
from stagesync.settings.alerts import _ADDRESS
from stagesync_hubspot.failures import without_addresses
from stagesync_hubspot.webhooks import _signed
from stagesync_salesforce.budget import Budget
from stagesync_salesforce.credentials import SoapLogin
from stagesync_salesforce.failures import failure_of
from stagesync_salesforce.soap import soap_login
from stagesync_salesforce.steps import LoginAnswer


class Connector:
    """Reads answers, badly."""

    @reads_answers_of("Acme")
    def once(self, answer: dict[str, Any]) -> Any:
        return answer["results"][0]["id"] + 1

    @reads_answers_of("Acme")
    def pages(self, answer: dict[str, Any]) -> Iterator[int]:
        yield 1
        yield answer["next"]

    @reads_answers_of("Acme")
    def refused(self, error: Exception) -> None:
        raise error


@pytest.mark.parametrize(
    "answer", [{}, {"results": []}, {"results": 5}, {"results": [{"id": None}]}, {"results": [7]}]
)
def test_an_unreadable_answer_is_told_as_one(answer: dict[str, Any]) -> None:
    """Whatever breaks in the reading is `AnswerUnreadable`, with the vendor's name and the cause attached."""
    with pytest.raises(
        AnswerUnreadable, match="Acme answered something that cannot be read"
    ) as told:
        Connector().once(answer)
    assert told.value.__cause__ is not None


def test_pages_before_an_unreadable_one_arrive() -> None:
    """A generator gives what it could read, and then the error."""
    pages = Connector().pages({})
    assert 1 == next(pages)
    with pytest.raises(AnswerUnreadable):
        next(pages)


@pytest.mark.parametrize("error", [WrongCall("twice"), CrmError("no"), KeyboardInterrupt()])
def test_what_is_no_answer_is_left_alone(error: Exception) -> None:
    """Mistakes of the caller, our own errors and an interrupt go through as they are."""
    with pytest.raises(type(error)) as told:
        Connector().refused(error)
    assert told.value is error


def soap(text: str) -> None:
    """What a login answers."""
    way = SoapLogin(username="u", password=Secret("hush-hush"))
    steps = soap_login(way, reach=Reach.of(feeding.SALESFORCE), version="64.0")
    next(steps)
    steps.send(LoginAnswer(200, text.encode()))


READERS: dict[str, Callable[[str], object]] = {
    "a refusal of HubSpot": without_addresses,
    "a refusal of Salesforce": lambda text: failure_of(400, [{"errorCode": "INVALID_FIELD", "message": text}]),
    "a login by SOAP": soap,
    "a header of limits": lambda text: Budget(daily_share=1, stop_at=1).hear(text, 0.0),
    "an address": Origin.of,
    "the address of a webhook": _signed,
    "a duration": seconds_of,
    "words": fold,
    "words of a refusal, compared": lambda text: (complaint_of(text), code_of(text)),
    "an address of mails": _ADDRESS.fullmatch,
    "a title": lambda text: (seniority_of(text), function_of(text)),
    **{f"as {name}": each.read for name, each in TRANSFORMS.items()},
}  # fmt: skip
HOSTILE = [
    unit * (20_000 // len(unit)) + end
    for unit in ("'", '`"', "a", "1", " ", ".", "1,", "a.", "-", "a@", "<", "<sessionId", "<a:", "%3A", "api-usage=1", "1 ", "é", "No such column 'x' on ")
    for end in ("", "!", "@")
]  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_no_pattern_runs_away(name: str) -> None:
    """Twenty thousand characters that make careless patterns start over and over are read within a second."""
    slowest = 0.0
    for text in HOSTILE:
        began = time.process_time()
        # Each reader has its own way of saying no; here it is only asked how long that takes.
        with suppress(Exception):
            READERS[name](text)
        slowest = max(slowest, time.process_time() - began)
    assert slowest < 1.0
