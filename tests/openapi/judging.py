"""Holds requests and answers against the documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from tests.openapi.deviations import DEVIATIONS, UNDESCRIBED
from tests.openapi.documents import Operation, find


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    Attributes:
        query: as sent, without the question mark.
        sent, got: bodies; sent_type, got_type: their content types, "" for none.
        status: 0 when the connection was cut before an answer.
    """

    method: str
    path: str
    query: str
    sent: bytes
    sent_type: str
    status: int
    got: bytes
    got_type: str


@dataclass(frozen=True, slots=True)
class Departure:
    """One point in which an exchange leaves the documents; it holds no value of anybody.

    Attributes:
        side: "query", "request" or "answer".
        place: where in the body, such as "results.*.properties.email"; or the name in the query.
        says: the schema's keyword that was violated, with what it demands.
        found: the kind of value that was there.
    """

    operation: str
    side: str
    place: str
    says: str
    found: str


def departures(exchange: Exchange) -> list[Departure]:
    """Where an exchange leaves the documents, deviations that are written down apart."""
    operation = find(exchange.method, exchange.path)
    if operation is None:
        return list(_unlisted(exchange))
    found = [*_of_query(operation, exchange), *_of_request(operation, exchange)]
    found += _of_answer(operation, exchange)
    return [each for each in found if not any(allowed.covers(each) for allowed in DEVIATIONS)]


def _unlisted(exchange: Exchange) -> Iterator[Departure]:
    if not any(each.fits(exchange.method, exchange.path) for each in UNDESCRIBED):
        name = f"{exchange.method} {exchange.path}"
        yield Departure(name, "query", "", "neither described nor listed", "path")


def _of_query(operation: Operation, exchange: Exchange) -> Iterator[Departure]:
    described = {
        each["name"]: (number, each)
        for number, each in enumerate(operation.content.get("parameters", []))
        if each["in"] == "query"
    }
    asked = dict(parse_qsl(exchange.query, keep_blank_values=True))
    for name in asked.keys() - described.keys():
        yield _departure(operation, "query", name, says="not described", found="parameter")
    for name, (number, each) in described.items():
        if name not in asked:
            # A refusal may be for just that.
            if each.get("required") and exchange.status < 400:
                yield _departure(operation, "query", name, says="required", found="nothing")
            continue
        kind = each["schema"].get("type")
        value = asked[name].split(",") if kind == "array" else _read(asked[name], kind)
        validator = operation.validator("parameters", str(number), "schema")
        yield from _errors(operation, "query", validator, value, root=name)


def _read(text: str, kind: Any) -> Any:
    """A value of the query as what it is meant to be, or the text when it is not that."""
    if kind in {"integer", "boolean"}:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _of_request(operation: Operation, exchange: Exchange) -> Iterator[Departure]:
    # What the vendor refuses need not fit.
    if not exchange.sent or 400 <= exchange.status < 500:
        return
    body = operation.content.get("requestBody", {}).get("content")
    kind = exchange.sent_type.partition(";")[0].strip()
    if body is None or kind not in body:
        yield _departure(operation, "request", "", says="content type", found=kind or "none")
        return
    is_form = kind == "application/x-www-form-urlencoded"
    value = dict(parse_qsl(exchange.sent.decode())) if is_form else json.loads(exchange.sent)
    validator = operation.validator("requestBody", "content", kind, "schema")
    yield from _errors(operation, "request", validator, value)


def _of_answer(operation: Operation, exchange: Exchange) -> Iterator[Departure]:
    responses = operation.content["responses"]
    status = str(exchange.status)
    if status not in responses and exchange.status < 400:
        if exchange.status:
            yield _departure(operation, "answer", "", says="status", found=status)
        return
    name = status if status in responses else "default"
    kind = exchange.got_type.partition(";")[0].strip()
    # Gateways answer in HTML, and nothing describes that.
    if name not in responses or not exchange.got or (name == "default" and kind == "text/html"):
        return
    content = responses[name].get("content", {})
    if kind not in content:
        yield _departure(operation, "answer", "", says="content type", found=kind or "none")
        return
    validator = operation.validator("responses", name, "content", kind, "schema")
    yield from _errors(operation, "answer", validator, json.loads(exchange.got))


def _errors(
    operation: Operation, side: str, validator: Any, value: Any, *, root: str = ""
) -> Iterator[Departure]:
    for error in validator.iter_errors(value):
        for leaf in _leaves(error):
            steps = ("*" if isinstance(step, int) else step for step in leaf.absolute_path)
            place = ".".join([*([root] if root else []), *steps])
            # What is demanded of a value fits on a line; a list of names is told in full.
            says = f"{leaf.validator} {json.dumps(leaf.validator_value)[:200]}"
            if leaf.validator == "required":
                says = f"required {leaf.message.split(' is ')[0]}"
            yield _departure(operation, side, place, says=says, found=_kind(leaf.instance))


def _leaves(error: Any) -> Iterator[Any]:
    """The errors in the branches of a choice, or the error itself."""
    if not error.context:
        yield error
        return
    for each in error.context:
        yield from _leaves(each)


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__


def _departure(operation: Operation, side: str, place: str, *, says: str, found: str) -> Departure:
    return Departure(f"{operation.method.upper()} {operation.path}", side, place, says, found)
