"""The vendor's client, set up so that it keeps to our limits, and one way to call it.

`hubspot-api-client` 12 waits for ever on a silent server, sleeps by itself on a 429, opens a new
pool for every API object and knows only the v3 paths. Here it gets timeouts, no retries of its own,
one pool, and paths of the version chosen. Its model objects cost twenty times what decoding costs,
so answers are taken raw.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib.metadata import version
from typing import Any

import hubspot
import orjson
import structlog
import urllib3
from hubspot.crm import objects
from urllib3.util.retry import Retry

from stagesync.connector import (
    Calls,
    Clock,
    CrmError,
    Quota,
    Reach,
    Remembered,
    RequestRefused,
    Secret,
    Throttled,
    call_with_retry,
    read_within,
    trusted_roots,
)
from stagesync_hubspot import answers, api, failures, shared
from stagesync_hubspot.auth import Auth, OAuth, static_token
from stagesync_hubspot.budget import Told
from stagesync_hubspot.gate import Gate
from stagesync_hubspot.options import Options

log = structlog.get_logger()

_OTHERS_DELAY_S = 1.0

_AGENT = f"stagesync hubspot-api-client/{version('hubspot-api-client')}"


class _Client(objects.ApiClient):  # type: ignore[misc]  # the vendor ships no types
    """The vendor's client with our paths, our refusals and raw answers."""

    def __init__(
        self, configuration: Any, *, options: Options, remembered: Remembered, clock: Clock
    ) -> None:
        super().__init__(configuration=configuration)
        # Whatever leaves, by whichever method of the vendor's client, leaves through here.
        pools = self.rest_client.pool_manager
        self.rest_client.pool_manager = Gate(options.api_version, pools.connection_pool_kw)
        self.user_agent = _AGENT
        self.set_default_header("Accept-Encoding", "gzip, deflate")
        self._reach = Reach.of(options.url)
        self._version = options.api_version
        self._timeout = urllib3.Timeout(connect=api.CONNECT_TIMEOUT_S, read=options.timeout_s)
        self._silence_s = options.timeout_s
        self._token_url = options.url + api.versioned(api.OAUTH_PATH, options.api_version)
        self._introspect_url = options.url + api.versioned(api.INTROSPECT_PATH, options.api_version)
        self.oauth = self._make_oauth(options, remembered, clock)
        self._auth: Auth = (
            self.oauth.flow if self.oauth else static_token(options.token or Secret(""))
        )
        self._counting = threading.Lock()
        self.spend: Callable[[], None] = lambda: None
        self.calls = 0

    def call_api(self, resource_path: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """As the vendor's, on the path of the chosen version and only for what we may send."""
        if not api.may_send(method, resource_path):
            raise RequestRefused(f"stagesync never sends {method} {resource_path}")
        path = api.versioned(resource_path, self._version)
        # The raw answer comes back whole: the vendor's own decoding would build models.
        kwargs["_preload_content"] = False
        return super().call_api(path, method, *args, **kwargs)

    def request(self, method: str, url: str, **parts: Any) -> answers.Raw:
        """The answer whatever its status; the vendor's own way raises on some and parses others."""
        flow = self._auth()
        headers = next(flow)
        while True:
            answer = self._send(method, url, headers={**parts["headers"], **headers}, parts=parts)
            try:
                headers = flow.send(answers.outcome(answer))
            except StopIteration:
                return answer

    def fetch_token(self, form: Mapping[str, str]) -> failures.Answer:
        """The answer of the token endpoint, which counts against no limit."""
        return self._post_form(self._token_url, form)

    def fetch_app(self, oauth: OAuth) -> failures.Answer:
        """What HubSpot says about the OAuth app; counts against no limit either."""
        return self._post_form(self._introspect_url, oauth.question())

    def _post_form(self, url: str, form: Mapping[str, str]) -> failures.Answer:
        self._reach.demand(url)
        pool: urllib3.PoolManager = self.rest_client.pool_manager
        answer = pool.request(
            "POST",
            url,
            fields=form,
            encode_multipart=False,
            headers={"User-Agent": _AGENT},
            timeout=self._timeout,
            redirect=False,
            preload_content=False,
        )
        return answers.read(self._whole(answer))

    def _whole(self, answer: urllib3.BaseHTTPResponse) -> answers.Raw:
        """The answer with its body, which has an end."""
        pieces = read_within(answer, silence_s=self._silence_s)
        return answers.Raw(answer.status, answer.headers, b"".join(pieces), answer.geturl() or "")

    def _make_oauth(self, options: Options, remembered: Remembered, clock: Clock) -> OAuth | None:
        if options.auth is None:
            return None
        app = options.auth.oauth
        form = {"client_id": Secret(app.client_id), "client_secret": app.client_secret}
        return OAuth(form, remembered=remembered, fetch=self.fetch_token, clock=clock)

    def _send(
        self, method: str, url: str, *, headers: Mapping[str, str], parts: Mapping[str, Any]
    ) -> answers.Raw:
        self._reach.demand(url)
        with self._counting:
            self.calls += 1
        self.spend()
        body = parts.get("body")
        pool: urllib3.PoolManager = self.rest_client.pool_manager
        answer = pool.request(
            method,
            url,
            fields=parts.get("query_params") if method == "GET" else None,
            body=None if body is None else orjson.dumps(body),
            headers=headers,
            timeout=self._timeout,
            redirect=False,
            preload_content=False,
        )
        return self._whole(answer)


class Transport:
    """Sends calls through the pacer, tries again what may help, and turns failures into errors.

    Attributes:
        remembered: what the next life of this connection must know.
        time_zone: the account's, by IANA name; empty until somebody learnt it.
        server_now_s: the server's clock at the last answer; None before the first one.
    """

    def __init__(self, options: Options, *, clock: Clock) -> None:
        self._clock = clock
        self._options = options
        self._token = shared.token(options, clock=clock)
        self.shared = shared.account(options, clock=clock)
        self._me = object()
        self.remembered = Remembered(clock, configured=options.refresh_token, heard=self._hear)
        self.client = _make_client(options, remembered=self.remembered, clock=clock)
        self.client.spend = self._spend
        self._apis = hubspot.Client(api_factory=self._api, host=options.url, base_url=options.url)
        crm = self._apis.crm
        self.records = crm.objects.basic_api
        self.batches = crm.objects.batch_api
        self.search = crm.objects.search_api
        self.properties = crm.properties.core_api
        self.groups = crm.properties.groups_api
        self.pipelines = crm.pipelines.pipelines_api
        self.associations = crm.associations.v4.batch_api
        self.time_zone = ""
        self.server_now_s: float | None = None
        self.waited_s = 0.0
        self._pacing = threading.Lock()

    @property
    def calls(self) -> int:
        """Requests sent, tries that failed included: HubSpot counts those too."""
        return int(self.client.calls)

    def call(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Call one method of the vendor's API objects and give its decoded answer.

        Args:
            method: such as `transport.batches.read`; its arguments follow.

        Raises:
            CrmError: after the tries that could have helped.
        """

        def once() -> dict[str, Any]:
            return self._once(method, *args, **kwargs)

        return call_with_retry(once, clock=self._clock)

    def account(self) -> dict[str, Any]:
        """The account's own facts: `portalId`, `timeZone` and more.

        From then on searches and the day's calls are counted together with those of the other
        connections to this account.
        """
        found = self.call(self._account)
        self.time_zone = str(found.get("timeZone") or "")
        if portal := str(found.get("portalId") or ""):
            same = shared.account(self._options, clock=self._clock, portal=portal)
            if same is not self.shared:
                same.budget.absorb(self.shared.budget)
                self.shared = same
        return found

    def get(self, path: str, query: list[tuple[str, str]]) -> dict[str, Any]:
        """An endpoint for which the vendor's client has no method that fits every version."""

        def ask() -> Any:
            return self.client.call_api(path, "GET", header_params={}, query_params=query)

        return self.call(ask)

    def app_id(self) -> str:
        """Of the app that the token belongs to; empty when HubSpot does not tell."""
        if (oauth := self.client.oauth) is None:
            return self._private_app_id()
        if self._options.api_version == "v3":
            return ""
        try:
            answer = self.client.fetch_app(oauth)
        except urllib3.exceptions.HTTPError:
            return ""
        return str(answer.body.get("app_id") or "") if answer.status == 200 else ""

    def _private_app_id(self) -> str:
        """Service keys belong to no app, and not every account has the call."""
        body = {"tokenKey": (self._options.token or Secret("")).reveal()}

        def ask() -> Any:
            return self.client.call_api(api.PRIVATE_APP_PATH, "POST", header_params={}, body=body)

        try:
            return str(self.call(ask).get("appId") or "")
        except CrmError:
            return ""

    def has_spare(self) -> bool:
        """Whether the day has room for work that can wait."""
        return self.shared.budget.has_spare(self._clock.now_s())

    def quota(self) -> Quota | None:
        """What is used of the day; None before the first answer."""
        if self.server_now_s is None:
            return None
        return self.shared.budget.quota(self._clock.now_s())

    def close(self) -> None:
        """Let go of sockets, and keep the count of our calls."""
        self.client.rest_client.pool_manager.clear()
        self.client.close()
        self.remembered.close()

    def _spend(self) -> None:
        self.shared.budget.spend(self._clock.now_s())
        self.remembered.count()

    def _hear(self, calls: Calls) -> None:
        self.shared.budget.hear(self._me, calls)

    def _account(self) -> Any:
        return self.client.call_api("/account-info/v3/details", "GET", header_params={})

    def _api(self, package: Any, name: str, _config: Mapping[str, Any]) -> Any:
        """The vendor's factory hook: every API object shares one client and its pool."""
        return getattr(package, name)(api_client=self.client)

    def _once(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
        searching = method == self.search.do_search
        self.shared.budget.check(self._clock.now_s())
        with ExitStack() as turns:
            asked_s = self._clock.monotonic_s()
            turns.enter_context(self._token.pacer.turn("burst"))
            if searching:
                turns.enter_context(self.shared.pacer.turn("search"))
            with self._pacing:
                self.waited_s += self._clock.monotonic_s() - asked_s
            try:
                answer = method(*args, **kwargs)
            except urllib3.exceptions.HTTPError as error:
                raise answers.unreachable(error) from error
        self._learn(answer.headers)
        if 200 <= answer.status < 300:
            return answers.decoded(answer)
        raise self._failure(answer, searching=searching)

    def _failure(self, answer: answers.Raw, *, searching: bool) -> CrmError:
        read = answers.read(answer, searching=searching)
        error = failures.error_of(read, now_s=self._clock.now_s(), time_zone=self.time_zone)
        log.warning(
            "hubspot_refused",
            status=read.status,
            category=read.category,
            place=read.place,
            correlation_id=read.correlation_id,
            retry_after_s=error.retry_after_s,
        )
        if isinstance(error, Throttled) and read.status == 429 and error.retry_after_s:
            # What is in flight beside this call would only be refused too, and cost quota.
            pacer = self.shared.pacer if searching else self._token.pacer
            pacer.hold_off(error.retry_after_s)
        return error

    def _learn(self, headers: Mapping[str, str]) -> None:
        """Take the server's clock, what is left of the day, and a burst limit lower than ours."""
        self.server_now_s = answers.date_s(headers.get("Date")) or self.server_now_s
        told = answers.count(headers.get("X-HubSpot-RateLimit-Max"))
        if told is not None and told > api.HEAD_ROOM_CALLS:
            limit = shared.burst(min(told, self._options.burst_calls))
            if limit != self._token.limit:
                self._token.limit = limit
                self._token.pacer.set_limit("burst", limit)
        if headers.get("X-HubSpot-RateLimit-Remaining") == "0":
            # Somebody else sends with this token too: ours alone leave the head room.
            self._token.pacer.hold_off(_OTHERS_DELAY_S)
        self._learn_day(headers)

    def _learn_day(self, headers: Mapping[str, str]) -> None:
        limit = answers.count(headers.get("X-HubSpot-RateLimit-Daily"))
        remaining = answers.count(headers.get("X-HubSpot-RateLimit-Daily-Remaining"))
        if limit is not None and remaining is not None:
            now_s = self._clock.now_s()
            resets_at_s = now_s + failures.until_midnight_s(now_s, self.time_zone)
            told = Told(limit, remaining, at_s=now_s, resets_at_s=resets_at_s)
            self.shared.budget.learn(told)


def _make_client(options: Options, *, remembered: Remembered, clock: Clock) -> _Client:
    configuration = objects.Configuration(host=options.url)
    configuration.retries = Retry(total=0, respect_retry_after_header=False)
    configuration.ssl_ca_cert = trusted_roots()
    configuration.connection_pool_maxsize = options.in_flight
    return _Client(configuration, options=options, remembered=remembered, clock=clock)
