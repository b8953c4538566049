"""Every request to Salesforce: paced, counted, retried, and its failure told in our errors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import orjson
import requests
import structlog
from simple_salesforce.exceptions import SalesforceError

from stagesync.connector import (
    AnswerUnreadable,
    Clock,
    CrmError,
    Limit,
    Pacer,
    QuotaExhausted,
    Remembered,
    call_with_retry,
)
from stagesync_salesforce import api
from stagesync_salesforce.auth import log_in
from stagesync_salesforce.budget import Budget, BudgetSpent
from stagesync_salesforce.client import Client, make_client, make_session
from stagesync_salesforce.failures import SessionExpired, failure_of, failure_of_transport
from stagesync_salesforce.gate import refuse_part
from stagesync_salesforce.options import Options
from stagesync_salesforce.steps import LoginAnswer, LoginRequest, Session

ATTEMPTS = 4
_BUCKET = "api"

T = TypeVar("T")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Part:
    """One request inside a composite call; `path` starts at the root."""

    method: str
    path: str
    body: object = field(default=None, repr=False)
    headers: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Open:
    """A login and the client that carries it."""

    session: Session
    client: Client


class Transport:
    """The way to one org; thread safe.

    Attributes:
        calls: requests sent that count against the org's quota; logging in does not.
        budget: what the org has told of its daily requests, and what of them is ours.
        server_now_s: the vendor's own time of the last answer, Unix seconds; 0 before the first.
        remembered: what the next life of this connection must know.
    """

    def __init__(self, options: Options, *, clock: Clock) -> None:
        self.calls = 0
        self.budget = Budget(daily_share=options.daily_share, stop_at=options.stop_at)
        self.server_now_s = 0.0
        self.version = options.api_version
        self._options = options
        self._clock = clock
        self._pacer = Pacer(clock, {_BUCKET: Limit(options.requests_per_minute, 60.0)})
        self._http = make_session(
            timeout_s=options.timeout_s,
            reach=options.reach,
            seen=self._look_at,
        )
        way = options.auth.refresh_token
        self.remembered = Remembered(
            clock, configured=way.refresh_token if way else None, heard=self.budget.learn
        )
        self._open: _Open | None = None
        self._login_lock = threading.Lock()
        self._count_lock = threading.Lock()

    @property
    def instance_url(self) -> str:
        """Where people see the org; the login's address before the first login."""
        return self._open.session.instance_url if self._open else self._options.login_url

    def user_id(self) -> str:
        """Who we are in the org, logging in if need be."""
        return self._current().session.user_id

    def now_s(self) -> float:
        """Our own time, Unix seconds."""
        return self._clock.now_s()

    def hold_off(self, seconds: float) -> None:
        """Let the next call wait so long."""
        self._pacer.hold_off(seconds)

    def close(self) -> None:
        """Let go of sockets, and keep the count of our calls.

        The session is not revoked: others of the same app may share it.
        """
        self._http.close()
        self.remembered.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        params: dict[str, str] | None = None,
    ) -> Any:
        """The decoded answer of one REST call; None when it has no body.

        Args:
            path: below `/services/data/vXX.X/`.
        """
        refuse_part(method, api.data_path(self.version, path), body=body)
        return self._retried(lambda: self._once(method, path, body=body, params=params))

    def composite(self, parts: Sequence[Part]) -> list[Any]:
        """The answers of up to five queries or collections in one call, in order.

        A part that failed for good is its `CrmError` in the list. One that may succeed on another
        try lets the whole call be repeated, which every part of ours allows.
        """
        for part in parts:
            refuse_part(part.method, part.path, body=part.body)
        body = {
            "allOrNone": False,
            "compositeRequest": [_subrequest(part, place) for place, part in enumerate(parts)],
        }
        return self._retried(lambda: self._composite_once(body, len(parts)))

    def batch(self, paths: Sequence[str]) -> list[Any]:
        """The answers of up to 25 GETs in one call, in order; a failed one is its `CrmError`."""
        body = {
            "haltOnError": False,
            "batchRequests": [{"method": "GET", "url": path} for path in paths],
        }
        return self._retried(lambda: self._batch_once(body, len(paths)))

    def _composite_once(self, body: object, count: int) -> list[Any]:
        answer = self._once("POST", api.COMPOSITE, body=body)
        found = _by_reference(_listed(answer, "compositeResponse"))
        return [
            _part_answer(found.get(_reference(place)), "httpStatusCode", "body")
            for place in range(count)
        ]

    def _batch_once(self, body: object, count: int) -> list[Any]:
        results = _listed(self._once("POST", api.BATCH, body=body), "results")
        if len(results) != count:
            raise AnswerUnreadable(f"Salesforce answered {len(results)} of {count} parts")
        return [_part_answer(result, "statusCode", "result") for result in results]

    def _retried(self, call: Callable[[], T]) -> T:
        try:
            return call_with_retry(call, clock=self._clock, attempts=ATTEMPTS)
        except QuotaExhausted as error:
            if not isinstance(error, BudgetSpent):
                self.budget.park(self._clock.now_s())
            raise

    def _once(
        self, method: str, path: str, *, body: object, params: dict[str, str] | None = None
    ) -> Any:
        current = self._current()
        try:
            return self._send(current, method, path, body=body, params=params)
        except SessionExpired:
            # One new login and one more try; a second refusal goes up and is final.
            current = self._log_in(instead_of=current)
            return self._send(current, method, path, body=body, params=params)

    def _send(
        self,
        current: _Open,
        method: str,
        path: str,
        *,
        body: object,
        params: dict[str, str] | None,
    ) -> Any:
        self.budget.take(self._clock.now_s())
        self._pacer.wait(_BUCKET)
        self._count(1)
        extra = _content(body)
        try:
            return current.client.restful(path, method=method, params=params, **extra)
        except SalesforceError as error:
            failure = failure_of(error.status, error.content)
            if isinstance(failure, SessionExpired):
                self._count(-1)  # refused at the door: the org does not count it
                self.budget.give_back(self._clock.now_s())
            raise failure from None
        except (requests.exceptions.RequestException, orjson.JSONDecodeError) as error:
            raise failure_of_transport(error) from error

    @property
    def waited_s(self) -> float:
        """How long calls waited for their turn within the minute."""
        return self._pacer.waited_s

    def _count(self, calls: int) -> None:
        with self._count_lock:
            self.calls += calls
        self.remembered.count(calls)

    def _current(self) -> _Open:
        return self._open or self._log_in(instead_of=None)

    def _log_in(self, *, instead_of: _Open | None) -> _Open:
        """A login other than that one: another thread may have made it meanwhile."""
        with self._login_lock:
            if self._open is not None and self._open is not instead_of:
                return self._open
            session = self._run_login()
            client = make_client(session, version=self.version, session=self._http)
            self._open = _Open(session, client)
        log.info("salesforce_logged_in", again=instead_of is not None)
        return self._open

    def _run_login(self) -> Session:
        steps = log_in(self._options, now_s=self._clock.now_s(), remembered=self.remembered)
        try:
            request = next(steps)
            while True:
                request = steps.send(self._post(request))
        except StopIteration as end:
            session: Session = end.value
            return session

    def _post(self, request: LoginRequest) -> LoginAnswer:
        try:
            answer = self._http.post(
                request.url, data=request.body, headers=request.headers, allow_redirects=False
            )
        except requests.exceptions.RequestException as error:
            raise failure_of_transport(error) from error
        return LoginAnswer(answer.status_code, answer.content, _time_in(answer))

    def _look_at(self, answer: requests.Response) -> None:
        self.budget.hear(answer.headers.get("Sforce-Limit-Info", ""), self._clock.now_s())
        if answer.headers.get("Date"):
            self.server_now_s = _time_in(answer)


def _time_in(answer: requests.Response) -> float:
    """The vendor's own time, Unix seconds; 0 when the answer does not tell."""
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).timestamp()
    except ValueError:
        return 0.0


def _content(body: object) -> dict[str, Any]:
    """The body of a request as `requests` takes it: bytes are CSV, anything else becomes JSON."""
    if isinstance(body, bytes):
        return {"data": body, "headers": {"Content-Type": "text/csv; charset=UTF-8"}}
    return {} if body is None else {"data": orjson.dumps(body)}


def _reference(place: int) -> str:
    return f"p{place}"


def _subrequest(part: Part, place: int) -> dict[str, object]:
    made: dict[str, object] = {
        "method": part.method,
        "url": part.path,
        "referenceId": _reference(place),
    }
    if part.body is not None:
        made["body"] = part.body
    if part.headers:
        made["httpHeaders"] = dict(part.headers)
    return made


def _listed(answer: object, key: str) -> list[Any]:
    found = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise AnswerUnreadable(f"an answer of Salesforce lacks {key}")
    return found


def _by_reference(results: Sequence[Any]) -> dict[object, Any]:
    return {item.get("referenceId"): item for item in results if isinstance(item, dict)}


def _part_answer(result: Any, status_key: str, body_key: str) -> Any:
    if not isinstance(result, dict) or not isinstance(result.get(status_key), int):
        raise AnswerUnreadable("an answer of Salesforce lacks a part")
    status, body = result[status_key], result.get(body_key)
    if status < 300:
        return body
    failure = failure_of(status, body)
    if failure.retry_after_s is not None:
        raise failure
    return failure


def answered(result: Any) -> Any:
    """A part's answer.

    Raises:
        CrmError: the part failed.
    """
    if isinstance(result, CrmError):
        raise result
    return result
