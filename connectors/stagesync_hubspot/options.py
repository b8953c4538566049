"""The options of a HubSpot connection, checked as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from stagesync.connector import OptionsRefused, Secret, base_url
from stagesync_hubspot import api

_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_LONGEST_S = 7 * 86_400


def _duration_s(given: object) -> float | None:
    """Seconds of a text such as `6h`; None for `never`."""
    if given == "never":
        return None
    text = str(given).strip()
    number, unit = (text[:-1], text[-1:]) if text[-1:] in _UNITS_S else (text, "s")
    try:
        seconds = float(number) * _UNITS_S[unit]
    except ValueError:
        seconds = 0.0
    if isinstance(given, bool) or not 60 <= seconds <= _LONGEST_S:
        raise ValueError("must be a span such as 90m, 6h or 1d, from 1m to 7d, or never")
    return seconds


def _span_s(given: object) -> float:
    seconds = _duration_s(given)
    if seconds is None:
        raise ValueError("must be a span such as 90m, 6h or 1d, from 1m to 7d")
    return seconds


def _app_id(given: object) -> str:
    """As text: HubSpot shows it as a number, and so does YAML."""
    text = str(given).strip()
    if isinstance(given, bool) or not (text.isascii() and text.isdigit()):
        raise ValueError("must be the number that HubSpot shows for the app")
    return text


Duration = Annotated[float | None, BeforeValidator(_duration_s)]


class OAuthOptions(BaseModel):
    """An OAuth app as it was installed."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True
    )

    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Secret
    refresh_token: Secret


class AuthOptions(BaseModel):
    """The ways to log in that renew themselves."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    oauth: OAuthOptions


class Options(BaseModel):
    """What `stagesync.yaml` may say about a HubSpot connection.

    Attributes:
        token: of a service key or of a legacy private app. Either this or `auth`.
        auth: an installed OAuth app.
        app_id: of the app that the token belongs to, as HubSpot signs its changes in histories; found
            out where it is not given.
        app_secret: what the app's webhooks are signed with; the OAuth client's secret by default.
        daily_share: share of the account's calls of a day that this deployment may use within any
            24 hours.
        stop_at: share of the account's calls of a day at which, all programs together, it stops.
        url: base address of the API, without a slash at the end.
        api_version: `v3` means v3 with v4 associations, as they are documented together.
        calls_per_10s: what the account's plan allows this token; HubSpot may tell less.
        searches_per_s: for the whole account, all its integrations together.
        timeout_s: how long an answer may stay away; connecting may take `api.CONNECT_TIMEOUT_S`.
        overlap_s: how far a pull goes back behind the last one, for what the index shows late.
        in_flight: requests at a time.
        second_pass_after: after how long changes are searched a second time, such as `1h`.
        sweep_every: how often the archive is walked.
        recalculate_every: how often calculated properties are read anew.
        optional_every: how often e-mails and marketing events are pulled, where they are mapped.
            Each of the four is a number with s, m, h or d; `never` switches off all but the last.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True
    )

    token: Secret | None = None
    auth: AuthOptions | None = None
    app_id: Annotated[str, BeforeValidator(_app_id)] = ""
    app_secret: Secret | None = None
    daily_share: Annotated[float, Field(gt=0, le=1)] = 0.25
    stop_at: Annotated[float, Field(gt=0, le=1)] = 0.8
    url: str = api.BASE_URL
    api_version: Literal["v3", "2026-03", "2026-09"] = "2026-03"
    calls_per_10s: Annotated[int, Field(gt=api.HEAD_ROOM_CALLS, le=1000)] = 190
    searches_per_s: Annotated[int, Field(ge=1, le=100)] = 5
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    overlap_s: Annotated[float, Field(ge=0, le=86_400)] = 300.0
    in_flight: Annotated[int, Field(ge=1, le=16)] = 4
    second_pass_after: Duration = 3_600.0
    optional_every: Annotated[float, BeforeValidator(_span_s)] = 3_600.0
    sweep_every: Duration = 21_600.0
    recalculate_every: Duration = 86_400.0

    @property
    def burst_calls(self) -> int:
        """Calls that this connection may send in ten seconds."""
        if self.auth is None:
            return self.calls_per_10s
        return min(self.calls_per_10s, api.OAUTH_CALLS_PER_10S)

    @property
    def identity(self) -> Secret:
        """What HubSpot counts the calls of this connection by."""
        if self.auth is not None:
            return Secret(f"{self.auth.oauth.client_id} {self.auth.oauth.refresh_token.reveal()}")
        return self.token or Secret("")

    @property
    def refresh_token(self) -> Secret | None:
        """Of the installed app, as it is configured; None with a token that does not renew."""
        return self.auth.oauth.refresh_token if self.auth else None

    @property
    def webhook_secret(self) -> Secret | None:
        """What webhooks are signed with; None when no option tells."""
        return self.app_secret or (self.auth.oauth.client_secret if self.auth else None)

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.token is None) == (self.auth is None):
            raise ValueError("is required, unless `auth` names an OAuth app: give one of the two")
        return self

    @field_validator("token")
    @classmethod
    def _token_is_a_header_value(cls, token: Secret | None) -> Secret | None:
        if token is None:
            return None
        text = token.reveal()
        if not text.strip():
            raise ValueError("is empty")
        if not (text.isascii() and text.isprintable()) or " " in text:
            raise ValueError("holds a blank or a character that no token has")
        return token

    @field_validator("url")
    @classmethod
    def _url_is_safe(cls, url: str) -> str:
        return base_url(url)


def read_options(options: Mapping[str, object]) -> Options:
    """The options as one checked value.

    Raises:
        OptionsRefused: with each key's problem; never with the value of a secret.
    """
    try:
        return Options.model_validate(dict(options))
    except ValidationError as error:
        raise OptionsRefused([_problem(detail) for detail in error.errors()]) from None


def _problem(detail: Any) -> tuple[str, str]:
    key = ".".join(str(part) for part in detail["loc"]) or "token"
    match detail["type"]:
        case "extra_forbidden":
            return key, f"is not known; known: {', '.join(Options.model_fields)}"
        case "missing":
            return key, "is required"
        case "is_instance_of":
            return key, "is a secret: give it by environment variable or file"
        case _:
            return key, str(detail["msg"]).removeprefix("Value error, ")
