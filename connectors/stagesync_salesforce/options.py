"""The options of a Salesforce connection, checked all at once."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    model_validator,
)

from stagesync.connector import OptionsRefused, Reach, base_url
from stagesync_salesforce import api
from stagesync_salesforce.credentials import STRICT, Auth

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _org_url(text: str) -> str:
    if text.count("/") > 2 + text.endswith("/"):
        raise ValueError("must be an address such as https://acme.my.salesforce.com")
    return base_url(text)


def _duration_s(value: object) -> object:
    """Seconds of a text such as `90s`, `30m`, `1h` or `2d`, no end of `never`; anything else as it came."""
    if not isinstance(value, str):
        return value
    if value.strip() == "never":
        return math.inf
    found = _DURATION.fullmatch(value.strip())
    if not found:
        raise ValueError("must be seconds, or a duration such as 30m or 1h")
    return float(found[1]) * _SECONDS[found[2]]


class Options(BaseModel):
    """A connection to one org.

    Attributes:
        url: base address of login and API, for a sandbox on this machine or a proxied org.
        api_version: pinned; the vendor serves three releases a year and retires old ones.
        timeout_s: how long an answer may stay silent.
        overlap_s: how far each pull reaches back behind the last one, for rows that were committed
            late. Rows have been seen some seconds late; five minutes is what others allow for.
        sweep_every: how often deleted and merged records are looked for: seconds, or `30m`, `1h`.
        recalculate_every: how often an object is read whole because a mapping reads a formula of it or a
            field of a parent, which change without moving its stamp; `never` switches it off.
        page_size: rows of a query page, 200 to 2,000.
        bulk_from: rows still to come from which on a first load goes by Bulk API 2.0.
        bulk_writes_from: writes of one object in one go from which on they go by Bulk; None: never.
            The engine then hands over so many at a time, and learns of their results at the end.
        daily_share: of the org's API requests of 24 hours that is ours, 0 to 1.
        stop_at: share of them, used by everybody together, from which on we send nothing.
        integration_users: user names or ids of users that are other programs and have no licence that
            says so: what they change is told as an integration's.
        requests_per_minute: the vendor names no rate; this one is courtesy to the org's other users.
    """

    model_config = STRICT

    auth: Auth
    url: Annotated[str, AfterValidator(_org_url)] | None = None
    api_version: Annotated[str, Field(pattern=r"^[3-9]\d\.0$")] = "64.0"
    timeout_s: Annotated[float, Field(gt=0)] = 30.0
    overlap_s: Annotated[float, Field(ge=0)] = 600.0
    sweep_every: Annotated[float, BeforeValidator(_duration_s), Field(ge=60)] = 3600.0
    recalculate_every: Annotated[float, BeforeValidator(_duration_s), Field(ge=3600)] = 86_400.0
    page_size: Annotated[int, Field(ge=200, le=2000)] = 2000
    bulk_from: Annotated[int, Field(ge=1)] = 50_000
    bulk_writes_from: Annotated[int, Field(ge=1000)] | None = None
    daily_share: Annotated[float, Field(gt=0, le=1)] = 0.25
    stop_at: Annotated[float, Field(gt=0, le=1)] = 0.8
    integration_users: tuple[str, ...] = ()
    requests_per_minute: Annotated[int, Field(ge=1)] = 600

    @property
    def login_url(self) -> str:
        """Where the login goes, without a slash at the end."""
        return self.url or f"https://{self.auth.way.host}"

    @property
    def reach(self) -> Reach:
        """Where requests may go: a login tells where the org lives."""
        return Reach.of(self.login_url, *api.DOMAINS)

    @model_validator(mode="after")
    def _know_where(self) -> Self:
        if self.url is None and self.auth.way.host is None:
            raise ValueError(f"auth.{self.auth.name}.host is missing: the org's My Domain")
        return self

    @model_validator(mode="after")
    def _know_the_end_of_soap(self) -> Self:
        if self.auth.soap_login and float(self.api_version) >= 65.0:
            raise ValueError("auth.soap_login ends with api_version 64.0: log in another way")
        return self


def read_options(options: Mapping[str, object]) -> Options:
    """The options of a connection.

    Raises:
        OptionsRefused: with every problem; values are never repeated, they may be secret.
    """
    try:
        return Options.model_validate(dict(options))
    except ValidationError as error:
        problems = [
            (".".join(map(str, item["loc"])), item["msg"].removeprefix("Value error, "))
            for item in error.errors(include_input=False, include_url=False)
        ]
    raise OptionsRefused(problems)
