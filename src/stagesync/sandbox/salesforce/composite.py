"""Several calls in one: ``/composite``, whose parts may refer to each other, and ``/composite/batch``.

A part inherits no header but those of the login, so Sforce-Auto-Assign must stand on the part itself.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-composite
(seen 2026-11)
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from stagesync.sandbox.salesforce.api import ApiAnswer, ApiRequest, refusal
from stagesync.sandbox.salesforce.errors import ApiError, Problem, bad_request, not_found
from stagesync.sandbox.salesforce.org import Org

MOST_PARTS = 25
MOST_QUERIES = 5
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_VERSIONED = re.compile(r"/?(?:services/data/)?v(\d+\.\d)/(.*)", re.DOTALL)
_COUNTED = re.compile(r"/(query(All)?|composite/sobjects)\b")

Serve = Callable[[ApiRequest], ApiAnswer]


def answer_composite(org: Org, request: ApiRequest, *, serve: Serve) -> ApiAnswer:
    """``/composite``: every part in order, with references to earlier answers."""
    body = request.json_object()
    parts = body.get("compositeRequest")
    if not isinstance(parts, list) or not all(_is_part(part) for part in parts):
        sentence = "compositeRequest needs method, url and referenceId in each part"
        raise bad_request("JSON_PARSER_ERROR", sentence)
    _check_counts([str(part["url"]) for part in parts])
    place = org.ledger.begin()
    answers: dict[str, ApiAnswer] = {}
    for part in parts:
        answers[part["referenceId"]] = _answer_part(request, part, answers=answers, serve=serve)
    failed = any(answer.status >= 400 for answer in answers.values())
    keep = not (body.get("allOrNone") is True and failed)
    org.ledger.end(place, keep=keep)
    if not keep:
        answers = {key: _halted(answer) for key, answer in answers.items()}
    shown = [_shown(key, answer) for key, answer in answers.items()]
    records = sum(answer.records for answer in answers.values())
    return ApiAnswer(body={"compositeResponse": shown}, records=records)


def _is_part(part: object) -> bool:
    return isinstance(part, dict) and {"method", "url", "referenceId"} <= part.keys()


def _check_counts(urls: list[str]) -> None:
    if len(urls) > MOST_PARTS:
        sentence = f"The composite request may have at most {MOST_PARTS} subrequests"
        raise bad_request("LIMIT_EXCEEDED", sentence)
    if sum(bool(_COUNTED.search(url)) for url in urls) > MOST_QUERIES:
        sentence = f"At most {MOST_QUERIES} subrequests may be queries or collections"
        raise bad_request("LIMIT_EXCEEDED", sentence)


def _answer_part(
    request: ApiRequest, part: Mapping[str, Any], *, answers: dict[str, ApiAnswer], serve: Serve
) -> ApiAnswer:
    try:
        url = _filled(part["url"], answers)
        body = _filled(part.get("body"), answers)
        headers = {name.lower(): str(v) for name, v in (part.get("httpHeaders") or {}).items()}
        return serve(_sub(request, part["method"], url=url, body=body, headers=headers))
    except ApiError as error:
        return refusal(error)


def _sub(
    request: ApiRequest, method: str, *, url: str, body: Any, headers: Mapping[str, str]
) -> ApiRequest:
    match = _VERSIONED.fullmatch(url)
    if match is None:
        raise not_found()
    return request.sub(method, version=match[1], url=match[2], body=body, headers=headers)


def _filled(value: Any, answers: Mapping[str, ApiAnswer]) -> Any:
    """The value with its references replaced."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: str(_looked_up(match, answers)), value)
    if isinstance(value, dict):
        return {key: _filled(item, answers) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, answers) for item in value]
    return value


def _looked_up(match: re.Match[str], answers: Mapping[str, ApiAnswer]) -> Any:
    answer = answers.get(match[1])
    try:
        value: Any = None if answer is None or answer.status >= 400 else answer.body
        for name, place in _STEP.findall(match[2]):
            value = value[name] if name else value[int(place)]
    except (LookupError, TypeError):
        value = None
    if value is None:
        sentence = f"Invalid reference specified. No value for {match[0][2:-1]} found"
        raise bad_request("PROCESSING_HALTED", sentence)
    return value


def _halted(answer: ApiAnswer) -> ApiAnswer:
    if answer.status >= 400:
        return answer
    sentence = (
        "The transaction was rolled back since another operation in the same transaction failed."
    )
    return refusal(ApiError(400, [Problem("PROCESSING_HALTED", sentence)]))


def _shown(reference: str, answer: ApiAnswer) -> dict[str, Any]:
    return {
        "body": answer.body,
        "httpHeaders": dict(answer.headers),
        "httpStatusCode": answer.status,
        "referenceId": reference,
    }


def answer_batch(request: ApiRequest, *, serve: Serve) -> ApiAnswer:
    """``/composite/batch``: independent calls; after a halt the rest are 412."""
    body = request.json_object()
    parts = body.get("batchRequests")
    if not isinstance(parts, list) or not all(isinstance(p, dict) and "url" in p for p in parts):
        raise bad_request("JSON_PARSER_ERROR", "batchRequests needs method and url in each part")
    if len(parts) > MOST_PARTS:
        raise bad_request("LIMIT_EXCEEDED", f"At most {MOST_PARTS} batch requests are allowed")
    answers: list[ApiAnswer] = []
    for part in parts:
        failed = any(answer.status >= 400 for answer in answers)
        halt = failed and body.get("haltOnError") is True
        answers.append(_SKIPPED if halt else _answer_batched(request, part, serve=serve))
    results = [{"statusCode": answer.status, "result": answer.body} for answer in answers]
    has_errors = any(answer.status >= 400 for answer in answers)
    records = sum(answer.records for answer in answers)
    return ApiAnswer(body={"hasErrors": has_errors, "results": results}, records=records)


def _answer_batched(request: ApiRequest, part: Mapping[str, Any], *, serve: Serve) -> ApiAnswer:
    try:
        method = str(part.get("method", "GET"))
        sub = _sub(
            request,
            method,
            url=str(part["url"]),
            body=part.get("richInput"),
            headers=request.headers,
        )
        return serve(sub)
    except ApiError as error:
        return refusal(error)


_SKIPPED = refusal(
    ApiError(
        412,
        [
            Problem(
                "BATCH_PROCESSING_HALTED", "Batch processing halted as per request's haltOnError"
            )
        ],
    )
)
