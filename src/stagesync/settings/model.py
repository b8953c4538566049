"""The keys of `stagesync.yaml`.

Every key can also come by environment: `STAGESYNC_STORE__URL` is `store: {url: ...}`, and wins.
A secret is never written here: it is named, `{env: HUBSPOT_TOKEN}` or `{file: /run/secrets/hubspot}`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from stagesync.domain.duration import seconds_of
from stagesync.errors import DefinitionError, Problem
from stagesync.settings.lines import Lines, read_yaml


def _seconds(value: object) -> object:
    found = seconds_of(str(value))
    if found is None:
        raise ValueError("must be a duration such as 60s, 5m or 1h")
    return found


Duration = Annotated[float, BeforeValidator(_seconds)]
"""Seconds, written as `60s`, `5m`, `1h`."""


def _share(value: object) -> object:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", str(value))
    if found is None:
        raise ValueError("must be a share such as 10%")
    return float(found[1]) / 100


Share = Annotated[float, BeforeValidator(_share), Field(ge=0, le=1)]
"""A part of a whole, written as `10%`; at most 100%."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class StoreSettings(_Strict):
    """Where the state is kept.

    Attributes:
        url: a relative SQLite path counts from the settings file.
        lease: how long a process that works on it may be silent before another one takes over.
    """

    # It may hold a password.
    url: str = Field(default="sqlite:///stagesync.db", repr=False)
    lease: Annotated[Duration, Field(ge=1)] = Field(default=60.0, validate_default=False)


class LogSettings(_Strict):
    """How events are written to stderr."""

    format: Literal["json", "console"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


class GuardrailSettings(_Strict):
    """How much may be written unseen; what goes beyond is held until somebody approves it.

    Attributes:
        window: over how long it is counted.
        max_people, max_share: who may make the same move, as a number and of all people and accounts
            known; the smaller one counts.
        max_total_share: who may move at all, of those known; newcomers are not counted.
        max_stage_loss: how much of a stage may leave it.
        max_source_loss: how much of an object's records may be gone from one pull to the next.
        max_writes_of_a_field: how often the same field of a record may be written.
        never_below: so few are never too many.
        approval_lasts: after which what was approved and not written is held again.
    """

    window: Duration = Field(default=86_400.0, validate_default=False)
    max_people: int = Field(default=500, ge=0)
    max_share: Share = Field(default=0.10, validate_default=False)
    max_total_share: Share = Field(default=0.25, validate_default=False)
    max_stage_loss: Share = Field(default=0.30, validate_default=False)
    max_source_loss: Share = Field(default=0.20, validate_default=False)
    max_writes_of_a_field: int = Field(default=5, ge=1)
    never_below: int = Field(default=20, ge=0)
    approval_lasts: Duration = Field(default=7 * 86_400.0, validate_default=False)


def _listen(value: object) -> object:
    host, colon, port = str(value).rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 65_536):
        raise ValueError("must be an address and a port, such as 127.0.0.1:8080")
    return str(value)


_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _public_url(value: object) -> object:
    try:
        parts = urlsplit(str(value))
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address such as https://stagesync.acme.example")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must be a bare address: no user, query or fragment")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError("may be http only on this machine: webhooks carry what people typed")
    return str(value).rstrip("/")


class WebSettings(_Strict):
    """The web server of the daemon.

    Attributes:
        listen: address and port; port 0 takes a free one.
        public_url: how the CRMs and browsers reach it, without a slash at the end; None means just as it
            listens.
        console: whether people can sign in; without it only webhooks are taken.
        session: how long somebody stays signed in who does nothing.
    """

    listen: Annotated[str, BeforeValidator(_listen)]
    public_url: Annotated[str, BeforeValidator(_public_url)] | None = None
    console: bool = True
    session: Annotated[Duration, Field(ge=60)] = Field(default=8 * 3600.0, validate_default=False)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.listen.rpartition(":")
        return host.removeprefix("[").removesuffix("]"), int(port)


EditRule = Literal["respect", "adopt", "overwrite"]


class EditSettings(_Strict):
    """What is done about a stage that somebody else set in a field that stagesync writes.

    Attributes:
        person, bulk, automation, integration: by whose edit it is; `bulk` is an import or an edit of
            many records at once. Who is not known counts as a person.
        span: how long an edit is respected or adopted; written `for`.
        adopt_axes: axes that an adopted stage may change, in order of preference.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True
    )

    person: EditRule = "respect"
    bulk: EditRule = "respect"
    automation: EditRule = "overwrite"
    integration: EditRule = "overwrite"
    span: Duration = Field(default=30 * 86_400.0, alias="for", validate_default=False)
    adopt_axes: tuple[str, ...] = ()


class AuditSettings(_Strict):
    """What is done with the log beyond writing it.

    Attributes:
        publish_to: file that the log's head is noted in; a relative one counts from the settings file.
        sign_with: where the private Ed25519 key stands that signs each line of it, in PEM.
        keep: how long what tells of a person is kept; None means for ever.
    """

    publish_to: Path | None = None
    sign_with: dict[Literal["env", "file"], str] | None = None
    keep: Duration | None = Field(default=None, validate_default=False)

    @model_validator(mode="after")
    def _is_published(self) -> Self:
        if self.sign_with and not self.publish_to:
            raise ValueError("`sign_with` needs `publish_to`, the file whose lines are signed")
        return self


class PrivacySettings(_Strict):
    """How long what tells of people is kept.

    Attributes:
        keep_gone: how long a record is kept that is gone from its CRM, and the history of somebody whose last
            record is; None means for ever.
    """

    keep_gone: Duration | None = Field(default=90 * 86_400.0, validate_default=False)


class ConnectionSettings(BaseModel):
    """One CRM account; keys that stagesync does not know are its connector's options.

    Attributes:
        connector: name of an installed connector.
        mapping: file; default `<mappings>/<connector>.yaml`.
        mode: what a new connection starts with. `observe` plans and writes nothing until its first
            plan is approved.
        poll: how often the daemon pulls.
        vendor_stage: what may be done to the vendor's own stage fields.
        writes_per_hour: records that may be written within an hour; the rest waits for later runs.
            None means all at once.
        automation_users: ids of users in the CRM behind whom a program stands.
        wait_for_first_load: nothing is written to any connection until all of this one was read
            once; without it only this one waits.
    """

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    connector: str
    mapping: Path | None = None
    mode: Literal["observe", "active"] = "observe"
    poll: Duration = Field(default=60.0, validate_default=False)
    vendor_stage: Literal["off", "fill_empty", "forward"] = "off"
    writes_per_hour: int | None = Field(default=None, ge=1)
    automation_users: tuple[str, ...] = ()
    wait_for_first_load: bool = True

    @property
    def options(self) -> dict[str, Any]:
        """What the connector gets; secrets are still named."""
        return dict(self.model_extra or {})


class Settings(BaseSettings):
    """A deployment.

    Attributes:
        mappings: folder of policy.yaml, vocabularies/ and the CRM mappings; default: the folder
            `mappings` beside the file, else the shipped one.
        prefer: connections whose value wins where several have one, best first.
        vocabulary: the one that stages are told in.
        language: of the labels and sentences that are written to the CRMs.
        web: where webhooks are taken; None: nowhere.
        clock: `sandbox` follows the simulators' clocks; for rehearsals on this machine only.
    """

    model_config = SettingsConfigDict(
        env_prefix="STAGESYNC_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    store: StoreSettings = StoreSettings()
    log: LogSettings = LogSettings()
    guardrails: GuardrailSettings = GuardrailSettings()
    edits: EditSettings = EditSettings()
    audit: AuditSettings = AuditSettings()
    privacy: PrivacySettings = PrivacySettings()
    mappings: Path | None = None
    connections: dict[str, ConnectionSettings] = {}
    prefer: tuple[str, ...] = ()
    vocabulary: str = "standard"
    language: Literal["en", "fr"] = "en"
    web: WebSettings | None = None
    clock: Literal["real", "sandbox"] = "real"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  the hook's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the hook's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the hook's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        return env_settings, init_settings


def load_settings(path: Path) -> Settings:
    """The settings of this file and of the environment.

    Raises:
        DefinitionError: with every problem, each with its line.
    """
    values, lines = read_yaml(path)
    settings, problems = None, []
    try:
        settings = Settings(**values)
    except ValidationError as error:
        problems = [_problem(path, lines, detail) for detail in error.errors()]
    problems += _preference_problems(path, lines, settings, values=values)
    if settings is None or problems:
        raise DefinitionError(problems)
    return settings


def _preference_problems(
    path: Path, lines: Lines, settings: Settings | None, *, values: dict[str, Any]
) -> list[Problem]:
    """Names in `prefer` that are no connection; of a file with other problems, as far as it can be read."""
    names = settings.connections if settings else values.get("connections")
    prefer = settings.prefer if settings else values.get("prefer")
    known = sorted(names) if isinstance(names, dict) else []
    return [
        Problem(
            str(path),
            lines.get(("prefer",), 0),
            "prefer",
            f"`{name}` is no connection; known: {', '.join(known)}",
        )
        for name in (prefer if isinstance(prefer, (list, tuple)) else ())
        if name not in known
    ]


def _problem(path: Path, lines: Lines, detail: Any) -> Problem:
    place = tuple(str(part) for part in detail["loc"])
    known_place = place
    while known_place and known_place not in lines:
        known_place = known_place[:-1]
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        message = f"is not known; known: {', '.join(_known_keys(place))}"
    return Problem(str(path), lines.get(known_place, 0), ".".join(place), message)


def _known_keys(place: tuple[str, ...]) -> list[str]:
    inner: dict[str, type[BaseModel]] = {
        "store": StoreSettings,
        "log": LogSettings,
        "guardrails": GuardrailSettings,
        "edits": EditSettings,
        "audit": AuditSettings,
        "privacy": PrivacySettings,
        "web": WebSettings,
    }
    return list(inner.get(place[0], Settings).model_fields)


def line_of(path: Path, key: str) -> int:
    """The line of a dotted key in the file, or of the nearest one above it; 0 when there is none."""
    _, lines = read_yaml(path)
    place = tuple(key.split("."))
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 0)
