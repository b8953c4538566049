"""The composition root: settings, store, definitions and connectors put together; the only clock."""

from __future__ import annotations

import getpass
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stagesync.errors import ArgumentError, DefinitionError, Problem, Stopped

if TYPE_CHECKING:
    from stagesync.connector import Clock, Connect, Connector, Secret
    from stagesync.domain.edits import EditRules
    from stagesync.domain.guard import Limits
    from stagesync.engine.channels import Channel
    from stagesync.engine.deployment import Connected, Deployment
    from stagesync.engine.heads import Check, LogRules, Sign
    from stagesync.loading.definitions import Definitions
    from stagesync.settings import ConnectionSettings, EditSettings, GuardrailSettings, Settings
    from stagesync.store import Store

CONNECTORS = "stagesync.connectors"
"""The entry-point group in which connectors are found."""

FRESH_S = 0.5
"""How long the sandbox's time is believed before it is asked again."""


def now_s() -> float:
    """The present instant; Unix seconds."""
    return datetime.now(UTC).timestamp()


class SystemClock:
    """This machine's time. A stop ends every wait; a lease that was lost, whatever was waited for."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.lost = threading.Event()

    def now_s(self) -> float:
        """Unix seconds, UTC."""
        return now_s()

    def monotonic_s(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            Stopped: the daemon was told to stop meanwhile, or its work was taken over.
        """
        if self.stop.wait(seconds) or self.lost.is_set():
            raise Stopped


class SandboxClock(SystemClock):
    """The time of the simulators: real time, moved on by what was asked of them."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        import requests

        super().__init__()
        self._http = requests.Session()
        # No proxy of the environment stands between us and this machine.
        self._http.trust_env = False
        self._urls = tuple(urls.values())
        self._ahead_s = 0.0
        self._asked_at = float("-inf")
        self._lock = threading.Lock()

    def now_s(self) -> float:
        """The furthest simulator's time."""
        return now_s() + self._ahead()

    def monotonic_s(self) -> float:
        """Real seconds and simulated ones together."""
        return time.monotonic() + self._ahead()

    def _ahead(self) -> float:
        import requests

        with self._lock:
            if time.monotonic() - self._asked_at < FRESH_S:
                return self._ahead_s
            found = []
            for url in self._urls:
                try:
                    asked = f"{url}/_sandbox/clock"
                    told = self._http.get(asked, timeout=5, allow_redirects=False).json()["now"]
                except (requests.RequestException, ValueError, KeyError):
                    continue
                found.append(float(told) - now_s())
            self._ahead_s = max([self._ahead_s, *found])
            self._asked_at = time.monotonic()
            return self._ahead_s


@dataclass(frozen=True, slots=True)
class Opened:
    """A deployment that is open, with what made it."""

    settings: Settings
    deployment: Deployment
    clock: SystemClock
    hidden: Sequence[Secret] = ()
    """Secrets that no connector holds, in use as long as this is."""


@contextmanager
def open_deployment(config: Path, *, quiet: bool = False) -> Iterator[Opened]:
    """Everything that `stagesync.yaml` describes, ready to run; closed at the end. Sends nothing.

    Args:
        quiet: log warnings and errors alone: somebody is looking at tables and progress bars.

    Raises:
        DefinitionError: with every problem of every file.
        StoreError: the store cannot be opened.
    """
    from stagesync.engine.channels import channels_of
    from stagesync.engine.events import configure_logging, password_in
    from stagesync.engine.standing import give_memory
    from stagesync.loading.definitions import load_definitions
    from stagesync.settings import load_settings
    from stagesync.store import open_store
    from stagesync.store.backups import keep_older

    settings = load_settings(config)
    hidden = password_in(settings.store.url)
    configure_logging(settings.log, quiet=quiet)
    definitions = load_definitions(mappings_of(settings, config))
    _demand_vocabulary(settings, definitions, config)
    clock = _clock(settings, config)
    rules = _log_rules(settings, config)
    with ExitStack() as stack:
        connections = _connections(settings, definitions, config=config, clock=clock)
        url = store_url(settings.store.url, config.parent)
        store = open_store(url, before=keep_older(config.parent, now_s=clock.now_s()))
        stack.callback(store.close)
        for each in connections.values():
            give_memory(each.connector, store)
            # Closed before the store: that is when it keeps what it counted last.
            stack.callback(each.connector.close)
        deployment = _deployment(
            settings,
            definitions,
            connections,
            store=store,
            clock=clock,
            log_rules=rules,
            channels=channels_of(settings.alerts, folder=config.parent),
        )
        yield Opened(settings, deployment, clock, hidden)


def _demand_vocabulary(settings: Settings, definitions: Definitions, config: Path) -> None:
    """The vocabulary that stages are told in must be one of the definitions."""
    from stagesync.settings import line_of

    if settings.vocabulary not in definitions.vocabularies:
        known = ", ".join(sorted(definitions.vocabularies))
        what = f"`{settings.vocabulary}`; known: {known}"
        line = line_of(config, "vocabulary")
        raise DefinitionError([Problem(str(config), line, "vocabulary", what)])


def _deployment(
    settings: Settings,
    definitions: Definitions,
    connections: Mapping[str, Connected],
    *,
    store: Store,
    clock: SystemClock,
    log_rules: LogRules,
    channels: Sequence[Channel],
) -> Deployment:
    from stagesync.domain.free_mail import FREE_MAIL
    from stagesync.engine.deployment import Deployment

    return Deployment(
        store=store,
        policy=definitions.policy,
        vocabularies=definitions.vocabularies,
        connections=connections,
        clock=clock,
        prefer=settings.prefer,
        main_vocabulary=settings.vocabulary,
        language=settings.language,
        free_mail=FREE_MAIL,
        lease_s=settings.store.lease,
        stopping=clock.stop,
        lost=clock.lost,
        limits=_limits(settings.guardrails),
        edits=_edit_rules(settings.edits),
        log_rules=log_rules,
        channels=channels,
        keep_gone_s=settings.privacy.keep_gone,
        definitions=digest_of_definitions(definitions, connections),
    )


def _limits(told: GuardrailSettings) -> Limits:
    from stagesync.domain.guard import Limits

    return Limits(
        people=told.max_people,
        share=told.max_share,
        total_share=told.max_total_share,
        loss=told.max_stage_loss,
        never_below=told.never_below,
        writes_of_a_field=told.max_writes_of_a_field,
        source_loss=told.max_source_loss,
        window_s=told.window,
        approval_s=told.approval_lasts,
    )


def _edit_rules(told: EditSettings) -> EditRules:
    from stagesync.domain.edits import Answer, EditRules, Origin, Rule

    rules = {each: Answer(Rule(getattr(told, each)), told.span) for each in Origin}
    return EditRules(rules, told.adopt_axes)


def _log_rules(settings: Settings, config: Path) -> LogRules:
    from stagesync.connector import Secret
    from stagesync.engine.heads import LogRules, signing
    from stagesync.settings.secrets import SecretsMissing, read_secrets

    told = settings.audit

    def key() -> tuple[Sign, Check]:
        try:
            found = read_secrets({"audit.sign_with": told.sign_with}, Secret, folder=config.parent)
            return signing(found["audit.sign_with"].reveal().encode())
        except SecretsMissing as error:
            raise ArgumentError(str(error)) from None
        except (ValueError, TypeError):
            words = "audit.sign_with is no private Ed25519 key in PEM, without a passphrase"
            raise ArgumentError(words) from None

    path = config.parent / told.publish_to if told.publish_to else None
    return LogRules(path, key if told.sign_with else None, told.keep)


def digest_of_definitions(definitions: Definitions, connections: Mapping[str, Connected]) -> str:
    """Another text whenever the policy, a vocabulary or a connection's mapping says something else."""
    from stagesync.loading.canonical import digest_of

    mappings = sorted((name, each.mapping.digest) for name, each in connections.items())
    return digest_of((definitions.digest, mappings))


def mappings_of(settings: Settings, config: Path) -> Path:
    """The folder of the deployment's definitions."""
    from stagesync.loading.definitions import shipped_mappings

    if settings.mappings is not None:
        return config.parent / settings.mappings
    beside = config.parent / "mappings"
    return beside if (beside / "policy.yaml").is_file() else shipped_mappings()


def mapping_file(settings: Settings, connection: str, *, config: Path) -> Path:
    """The file that says how a connection is read and written."""
    each = settings.connections[connection]
    if each.mapping:
        return config.parent / each.mapping
    return mappings_of(settings, config) / f"{each.connector}.yaml"


def store_url(url: str, folder: Path) -> str:
    """The URL with a relative SQLite path counted from the settings file."""
    head, mark, path = url.partition(":///")
    if head != "sqlite" or not mark or path in {"", ":memory:"} or Path(path).is_absolute():
        return url
    return f"sqlite:///{(folder / path).resolve()}"


def actor() -> str:
    """Who decides at this terminal, as the audit names them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def installed_connectors() -> dict[str, Connect]:
    """Connector name -> what makes one; the package is imported when it is asked for."""
    return {each.name: each.load() for each in entry_points(group=CONNECTORS)}


def _connections(
    settings: Settings,
    definitions: Definitions,
    *,
    config: Path,
    clock: Clock,
) -> dict[str, Connected]:
    from stagesync.domain.plan import VendorStage
    from stagesync.engine.deployment import Connected
    from stagesync.loading.mapping import load_mapping

    names = {each.name for each in entry_points(group=CONNECTORS)}
    problems: list[Problem] = []
    found = {}
    for name, each in settings.connections.items():
        try:
            if each.connector not in names:
                known = f"`{each.connector}`; known: {_list(names)}"
                raise _refused(config, f"connections.{name}", [("connector", known)])
            path = mapping_file(settings, name, config=config)
            mapping = load_mapping(
                path, vocabularies=definitions.vocabularies, policy=definitions.policy
            )
            found[name] = Connected(
                name=name,
                connector=_connect(name, each, config=config, clock=clock),
                mapping=mapping,
                vendor_stage=VendorStage(each.vendor_stage),
                first_mode=each.mode,
                poll_s=each.poll,
                writes_per_hour=each.writes_per_hour,
                automation_users=frozenset(each.automation_users),
                wait_for_first_load=each.wait_for_first_load,
            )
        except DefinitionError as error:
            problems += error.problems
    if problems:
        raise DefinitionError(problems)
    return found


def _connect(name: str, each: ConnectionSettings, *, config: Path, clock: Clock) -> Connector:
    from stagesync.connector import OptionsRefused, Secret
    from stagesync.settings.secrets import SecretsMissing, read_secrets

    connect: Connect = next(
        found.load() for found in entry_points(group=CONNECTORS) if found.name == each.connector
    )
    try:
        return connect(name, read_secrets(each.options, Secret, folder=config.parent), clock=clock)
    except (SecretsMissing, OptionsRefused) as error:
        raise _refused(config, f"connections.{name}", error.problems) from None


def _refused(config: Path, place: str, problems: Sequence[tuple[str, str]]) -> DefinitionError:
    """What is wrong with a part of the settings, each with the line of its key."""
    from stagesync.settings import line_of

    found = []
    for key, message in problems:
        path = f"{place}.{key}".rstrip(".")
        found.append(Problem(str(config), line_of(config, path), path, message))
    return DefinitionError(found)


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none is installed"


def _clock(settings: Settings, config: Path) -> SystemClock:
    if settings.clock == "real":
        return SystemClock()
    urls = {name: str(each.options.get("url", "")) for name, each in settings.connections.items()}
    for name, url in urls.items():
        if urlsplit(url).hostname not in {"127.0.0.1", "localhost", "::1"}:
            message = "`clock: sandbox` works only with simulators on this machine"
            raise _refused(config, f"connections.{name}", [("url", message)])
    return SandboxClock(urls)


def find_config(config: Path | None) -> Path:
    """The settings file that was named, of this folder, or of the environment.

    Raises:
        ArgumentError: there is none.
    """
    import os

    candidates = [config, Path("stagesync.yaml"), Path(os.environ.get("STAGESYNC_CONFIG") or "")]
    for each in candidates:
        if each is not None and each.is_file():
            return each
    raise ArgumentError(
        "there is no stagesync.yaml here",
        hint="stagesync init makes one; --config or STAGESYNC_CONFIG names another",
    )
