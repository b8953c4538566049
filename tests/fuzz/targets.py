"""Every parser that meets the outside, as functions of bytes; the promise of all of them is the same.

Whatever the bytes are: a value comes out, or one of our own errors that says where and what; within a second,
without a recursion too deep and without a request that nobody ends. Anything else is raised to the fuzzer.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import structlog
from ruamel.yaml import YAML
from tests.fuzz import acts, feeding
from tests.fuzz.growing import STRANGE, Bytes, Target, altered, as_json, as_yaml

from chained_log import make_log
from stagesync.connector import CrmError, FieldType, OptionsRefused, Reach, Secret
from stagesync.domain.chain import Unreadable, read_lines, verify
from stagesync.domain.compile import compile_policy
from stagesync.domain.duration import seconds_of
from stagesync.domain.transforms import TRANSFORMS, NotUnderstood
from stagesync.engine.heads import checking, read_heads, signing
from stagesync.errors import ArgumentError, DefinitionError, Problem
from stagesync.loading.definitions import Definitions, load_definitions, shipped_mappings
from stagesync.loading.facts import read_facts
from stagesync.loading.instants import parse_instant
from stagesync.loading.mapping import load_mapping
from stagesync.loading.policy import load_policy
from stagesync.loading.vocabularies import load_vocabularies
from stagesync.settings import load_settings
from stagesync_hubspot.webhooks import named_records, prove
from stagesync_salesforce import bulk
from stagesync_salesforce.api import DOMAINS
from stagesync_salesforce.auth import read_session
from stagesync_salesforce.budget import Budget
from stagesync_salesforce.client import Sheet
from stagesync_salesforce.credentials import SoapLogin
from stagesync_salesforce.failures import failure_of
from stagesync_salesforce.soap import soap_login
from stagesync_salesforce.steps import LoginAnswer

ROOT = Path(__file__).parents[2]
REACH = Reach.of(feeding.SALESFORCE, *DOMAINS)
AT_S = 1_790_000_000.0
"""The present of every target."""


@cache
def _folder() -> Path:
    shared = Path("/dev/shm")
    return Path(tempfile.mkdtemp(dir=shared if shared.is_dir() else None))


@cache
def _shipped() -> Definitions:
    return load_definitions(shipped_mappings())


def _file(data: bytes, name: str) -> Path:
    path = _folder() / name
    path.write_bytes(data)
    return path


@contextmanager
def _definition_errors() -> Iterator[None]:
    """Problems with their file, and a line wherever there can be one."""
    try:
        yield
    except DefinitionError as error:
        assert error.problems, "an error without a problem"
        for each in error.problems:
            assert each.file.startswith(str(_folder())), f"no file: {each}"
            assert each.message.strip(), f"no words: {each}"
            assert each.line >= 0, f"no line: {each}"
            str(each).encode("utf-8")


@cache
def _document(name: str) -> Any:
    if name == "settings":
        return _SETTINGS
    path = shipped_mappings() / name
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(path), default=str))


_SETTINGS = {
    "store": {"url": "sqlite:///x.db"}, "log": {"format": "json", "level": "info"},
    "guardrails": {"max_people": "5", "max_share": "10%", "window": "1d"},
    "edits": {"person": "respect", "for": "30d", "adopt_axes": ["fit"]},
    "audit": {"publish_to": "heads", "sign_with": {"env": "KEY"}, "keep": "90d"},
    "web": {"listen": "127.0.0.1:0", "public_url": "https://x.example"},
    "connections": {"crm": {"connector": "hubspot", "poll": "60s", "token": {"env": "T"}, "automation_users": ["1"]}},
    "prefer": ["crm"], "vocabulary": "standard", "language": "fr", "clock": "real",
}  # fmt: skip


def _yaml_of(data: bytes, names: tuple[str, ...]) -> bytes:
    """Bytes as they are, or a sound file of ours with changes."""
    choices = Bytes(data)
    place = choices.number(len(names) + 1)
    if place == 0:
        return choices.rest()
    document = _part(_document(names[place - 1]), choices)
    return as_yaml(altered(document, choices))


def _part(document: Any, choices: Bytes) -> Any:
    """Some keys of the file with all that they hold: the whole takes long to read."""
    left_out = choices.number(256) if isinstance(document, dict) else 0
    keys = list(document) if isinstance(document, dict) else []
    gone = {key for place, key in enumerate(keys) if left_out >> (place % 8) & 1}
    return {key: document[key] for key in keys if key not in gone} if keys else document


def policy(data: bytes) -> None:
    """`policy.yaml`."""
    text = _yaml_of(data, ("policy.yaml",))
    with _definition_errors():
        compile_policy(load_policy(_file(text, "policy.yaml")))


def vocabulary(data: bytes) -> None:
    """A file of `vocabularies/`."""
    text = _yaml_of(data, ("vocabularies/standard.yaml", "vocabularies/hubspot.yaml"))
    with _definition_errors():
        load_vocabularies([_file(text, "standard.yaml")], _shipped().policy)


def mapping(data: bytes) -> None:
    """A mapping of a CRM."""
    text = _yaml_of(data, ("hubspot.yaml", "salesforce.yaml"))
    with _definition_errors():
        load_mapping(
            _file(text, "crm.yaml"),
            vocabularies=_shipped().vocabularies,
            policy=_shipped().policy,
        )


def settings(data: bytes) -> None:
    """`stagesync.yaml`."""
    text = _yaml_of(data, ("settings",))
    with _definition_errors():
        load_settings(_file(text, "stagesync.yaml"))


_FACTS = {
    "id": "p1", "person": {"email": "a@b.example", "seniority": "director", "country": "FR", "excluded": False},
    "account": {"domain": "b.example", "employees": 120, "industry": "software", "revenue": 5e6},
    "activities": [{"type": "content_download", "at": "2026-08-01T10:00:00Z", "id": "1"}],
    "deals": [{"status": "won", "at": "2026-07-01T10:00:00Z", "amount": 1200}],
    "previous": {"qualification": "ready"}, "previous_at": "2026-08-02T10:00:00Z",
}  # fmt: skip


def facts(data: bytes) -> None:
    """A line of facts, and what the policy makes of it."""
    choices = Bytes(data)
    text = as_json(altered(_FACTS, choices)) if choices.number(3) else choices.rest()
    policy = _shipped().policy
    compiled = compile_policy(policy)
    for number, line in read_facts(text.splitlines(), policy, file="facts.jsonl"):
        if isinstance(line, Problem):
            assert (line.line, bool(line.message)) == (number, True)
            str(line).encode("utf-8")
            continue
        compiled.evaluate(
            line.facts,
            AT_S,
            previous=line.previous,
            previous_at_s=line.previous_at_s,
            with_reasons=True,
        )


@cache
def _answers(vendor: str) -> Mapping[str, list[list[Any]]]:
    text = (Path(__file__).with_name("answers") / f"{vendor}.json").read_text()
    found: Mapping[str, list[list[Any]]] = json.loads(text)
    return {name: told or [[200, {}]] for name, told in found.items()}


_STATUSES = (
    200,
    200,
    200,
    200,
    201,
    204,
    207,
    301,
    400,
    401,
    403,
    404,
    410,
    423,
    429,
    477,
    500,
    502,
    530,
    299,
)
_HEADERS = (
    {}, {"Retry-After": "1"}, {"Retry-After": "1e309"}, {"Retry-After": "-5"}, {"Retry-After": "nan"}, {"Retry-After": "9" * 400},
    {"Date": "Thu, 01 Jan 1970 00:00:00 GMT"}, {"Date": "Thu, 01 Jan 99999 00:00:00 GMT"}, {"Date": "x"},
    {"X-HubSpot-RateLimit-Max": "9" * 30, "X-HubSpot-RateLimit-Remaining": "0"},
    {"X-HubSpot-RateLimit-Daily": "0", "X-HubSpot-RateLimit-Daily-Remaining": "0"},
    {"X-HubSpot-RateLimit-Daily": "²", "X-HubSpot-RateLimit-Daily-Remaining": "1"},
    {"X-HubSpot-RateLimit-Daily": "9" * 5000, "X-HubSpot-RateLimit-Daily-Remaining": "9" * 5000},
    {"Sforce-Limit-Info": "api-usage=1/0"}, {"Sforce-Limit-Info": "api-usage=" + "9" * 5000 + "/1"},
    {"Content-Type": "text/csv", "Sforce-Locator": "null"}, {"Content-Type": "text/csv", "Sforce-Locator": "x/../y"},
    {"Content-Encoding": "gzip"}, {"Location": "http://169.254.169.254/"},
)  # fmt: skip


def _script(vendor: str, choices: Bytes) -> tuple[str, Callable[[str, str], feeding.Answer]]:
    """An act, and the answers to it: those of a sound vendor, some changed."""
    told = _answers(vendor)
    names = sorted(told)
    act = choices.one(names)
    other = choices.number(4) == 3
    served = [list(each) for each in told[choices.one(names) if other else act]]
    if vendor == "salesforce" and choices.number(8) != 7:
        # The login stays as it is, or nothing behind it would ever be read.
        head, served = served[:1], served[1:] or [[200, {}]]
    else:
        head = []
    for _ in range(1 + choices.number(2)):
        place = choices.number(len(served))
        match choices.number(8):
            case 0:
                served[place] = [choices.one(_STATUSES), served[place][1], choices.one(_HEADERS)]
            case 1:
                served[place] = [served[place][0], choices.rest(), choices.one(_HEADERS)]
            case 2:
                served[place] = [choices.one(_STATUSES), choices.one(STRANGE)]
            case _:
                status, body = served[place][:2]
                served[place] = [
                    status,
                    body if isinstance(body, bytes) else altered(body, choices),
                ]
    script = head + served
    asked = 0

    def answer(_method: str, _url: str) -> feeding.Answer:
        nonlocal asked
        # Over again behind the last one: what never ends must be noticed.
        place = asked if asked < len(script) else len(head) + asked % len(served)
        status, body, *more = script[place]
        asked += 1
        found = body if isinstance(body, bytes) else as_json(body)
        return status, {"Content-Type": "application/json", **(more[0] if more else {})}, found

    return act, answer


def _play(
    vendor: str, choices: Bytes, connect: Callable[..., tuple[Any, feeding.Pool]], **options: Any
) -> None:
    name, answer = _script(vendor, choices)
    connector, pool = connect(answer, **options)

    def page_came() -> None:
        pool.asked = 0

    try:
        {"hubspot": acts.HUBSPOT, "salesforce": acts.SALESFORCE}[vendor][name](connector, page_came)
    except CrmError as error:
        assert str(error).strip(), "an error without words"
        str(error).encode("utf-8")
    finally:
        connector.quota()
        connector.close()


def hubspot(data: bytes) -> None:
    """What HubSpot answers."""
    _play("hubspot", Bytes(data), feeding.hubspot)


def salesforce(data: bytes) -> None:
    """What Salesforce answers."""
    choices = Bytes(data)
    bulk_from = 1 if choices.number(8) == 7 else 50_000
    _play("salesforce", choices, feeding.salesforce, bulk_from=bulk_from)


_TYPES = {
    "id": FieldType.TEXT, "flag": FieldType.FLAG, "amount": FieldType.NUMBER, "at": FieldType.INSTANT,
}  # fmt: skip
_HEAD_LINE = "Id,Flag,Amount,At\n"


def sheets(data: bytes) -> None:
    """The results of a Bulk job."""
    choices = Bytes(data)
    head = _HEAD_LINE if choices.number(4) else ""
    sheet = Sheet(head + choices.rest().decode("utf-8", "replace"), "")
    with suppress(CrmError):
        list(islice(bulk.rows_of(sheet, _TYPES, ("Id", "Flag", "Amount", "At")), 1_000))


_SOAP = (
    '<?xml version="1.0"?><soapenv:Envelope><soapenv:Body><loginResponse><result>'
    "<passwordExpired>false</passwordExpired><serverUrl>https://acme.my.salesforce.com/services/Soap/u/64.0/00D"
    "</serverUrl><sessionId>00D!AQ</sessionId><userId>005</userId></result></loginResponse>"
    "</soapenv:Body></soapenv:Envelope>"
)
_LOGIN = {
    "access_token": "00D!AQ", "instance_url": "https://acme.my.salesforce.com",
    "id": "https://login.salesforce.com/id/00D/005", "issued_at": "1716500000000", "error": "invalid_grant",
}  # fmt: skip


def logins(data: bytes) -> None:
    """What the token endpoint and SOAP's login answer, and the header that tells the quota."""
    choices = Bytes(data)
    status = choices.one((200, 400, 500))
    budget = Budget(daily_share=0.5, stop_at=0.8)
    match choices.number(4):
        case 0:
            text = _SOAP if choices.number(2) else ""
            cut = choices.number(len(text) + 1)
            body = text[:cut].encode() + choices.rest() + text[cut:].encode()
            way = SoapLogin(username="u", password=Secret("p"))
            steps = soap_login(way, reach=REACH, version="64.0")
            next(steps)
            with suppress(CrmError, StopIteration):
                steps.send(LoginAnswer(status, body))
        case 1:
            budget.hear(choices.rest().decode("latin-1"), AT_S)
            budget.quota(AT_S)
        case 2:
            failure_of(status, altered([{"message": "x", "errorCode": "INVALID_FIELD"}], choices))
        case _:
            body = as_json(altered(_LOGIN, choices)) if choices.number(2) else choices.rest()
            with suppress(CrmError):
                read_session(LoginAnswer(status, body), reach=REACH)


_EVENT = {
    "eventId": 1, "subscriptionId": 2, "portalId": 3, "appId": 4, "occurredAt": 1716500000000,
    "subscriptionType": "contact.propertyChange", "objectId": 5, "propertyName": "lifecyclestage",
    "propertyValue": "lead", "objectTypeId": "0-1", "mergedObjectIds": [1, 2], "newObjectId": 6,
    "associationType": "DEAL_TO_CONTACT", "fromObjectId": 7, "toObjectId": 8,
}  # fmt: skip


def webhooks(data: bytes) -> None:
    """The body of a webhook request, and the headers that prove it."""
    from stagesync.connector import Heard

    choices = Bytes(data)
    stamp = choices.one(("1790000000000", "9" * 400, "1e5", "²", "-1", "", choices.text()))
    headers = {"x-hubspot-signature-v3": choices.text(), "x-hubspot-request-timestamp": stamp}
    body = as_json([altered(_EVENT, choices)]) if choices.number(3) else choices.rest()
    url = f"https://x.example/webhooks/hs?{choices.text()}"
    with suppress(CrmError):
        prove(Heard("POST", url, headers, body), secret=Secret("hush"), now_s=AT_S)
    with suppress(CrmError):
        named_records(body, portal="3" if choices.number(2) else "")


def words(data: bytes) -> None:
    """Durations, instants and each transform of a mapping."""
    choices = Bytes(data)
    kind = choices.number(len(TRANSFORMS) + 2)
    raw = (
        choices.one(STRANGE)
        if choices.number(3) == 0
        else choices.rest().decode("utf-8", "replace")
    )
    if kind == 0:
        found = seconds_of(str(raw))
        assert found is None or 0 <= found < 10**10, found
    elif kind == 1:
        with suppress(ValueError):
            parse_instant(str(raw))
    elif isinstance(raw, str | int | float) and raw != "":
        transform = list(TRANSFORMS.values())[kind - 2]
        with suppress(NotUnderstood):
            transform.read(raw)


@cache
def _log_lines() -> tuple[Any, ...]:
    return tuple(json.loads(each) for each in make_log().lines)


def export(data: bytes) -> None:
    """An export that `audit verify` reads."""
    choices = Bytes(data)
    if choices.number(3):
        whole = altered(list(_log_lines()[:8]), choices)
        text = b"\n".join(as_json(each) for each in (whole if isinstance(whole, list) else [whole]))
    else:
        text = choices.rest()
    run = "" if choices.number(2) else "r1"
    with suppress(Unreadable):
        verify(read_lines(text.splitlines(keepends=True)), run=run)


@cache
def _signed() -> tuple[bytes, Any]:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(b"1" * 32)
    return key.public_key().public_bytes(
        form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
    ), key


_NOTED = {"at": "2026-11-20T12:00:00Z", "entries": 827, "head": "4ba8", "signature": "ab12"}


def heads(data: bytes) -> None:
    """The file of noted heads, and keys."""
    choices = Bytes(data)
    if choices.number(5) == 4:
        for read in (checking, signing):
            with suppress(ValueError):
                read(choices.rest())
        return
    text = as_json(altered(_NOTED, choices)) if choices.number(3) else choices.rest()
    check = checking(_signed()[0]) if choices.number(2) else None
    with suppress(ArgumentError):
        list(read_heads(_file(text, "heads"), check))


def options(data: bytes) -> None:
    """The options of each connector, secrets in place."""
    from stagesync_hubspot.options import read_options as of_hubspot
    from stagesync_salesforce.options import read_options as of_salesforce
    from stagesync_sql.options import read_options as of_sql

    choices = Bytes(data)
    reader, sound = choices.one(
        (
            (of_hubspot, {"token": "t", "url": "https://api.hubapi.com", "sweep_every": "6h", "app_id": 5}),
            (of_salesforce, {"url": "https://acme.my.salesforce.com", "sweep_every": "1h", "auth": {
                "soap_login": {"username": "u", "password": "p", "host": "acme.my.salesforce.com"}}}),
            (of_sql, {"url": "sqlite:///x.db", "tables": {"person": {
                "table": "p", "role": "person", "key": "id", "changed": "at", "links": {"person": "x"}}}}),
        )
    )  # fmt: skip
    given = altered(sound, choices)
    if isinstance(given, dict):
        with suppress(OptionsRefused):
            reader(_with_secrets(given))


def _with_secrets(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _with_secrets(each, name) for name, each in value.items()}
    return Secret(value) if key in {"token", "password"} and isinstance(value, str) else value


TARGETS: Mapping[str, Target] = {
    each.__name__: each
    for each in (
        policy, vocabulary, mapping, settings, facts, hubspot, salesforce, sheets, logins, webhooks, words,
        export, heads, options,
    )
}  # fmt: skip


def quiet() -> None:
    """No event is printed: a refusal is what is looked for."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(50), cache_logger_on_first_use=False
    )
