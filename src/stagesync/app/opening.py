"""A deployment put together from its settings, and closed again."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stagesync.app.clocks import SystemClock, clock_of
from stagesync.app.connections import connections_of
from stagesync.app.definitions import definition_files, demand_vocabulary
from stagesync.errors import ArgumentError

if TYPE_CHECKING:
    from stagesync.connector import Secret
    from stagesync.domain.edits import EditRules
    from stagesync.domain.guard import Limits
    from stagesync.engine.deployment import Connected, Deployment
    from stagesync.engine.heads import Check, LogRules, Sign
    from stagesync.engine.live import Live
    from stagesync.loading.definitions import Definitions
    from stagesync.settings import EditSettings, GuardrailSettings, Settings
    from stagesync.store import Store


@dataclass(frozen=True, slots=True)
class Opened:
    """A deployment that is open, with what made it."""

    settings: Settings
    live: Live
    clock: SystemClock
    hidden: Sequence[Secret] = ()
    """Secrets that no connector holds, in use as long as this is."""
    folder: Path = Path()
    """From which relative paths of the settings count."""

    def metrics_token(self) -> Secret | None:
        """What lets other machines read the metrics.

        Raises:
            ArgumentError: it is named and not there.
        """
        from stagesync.connector import Secret
        from stagesync.settings.secrets import SecretsMissing, read_secrets

        named = {"web.metrics_token": self.settings.web and self.settings.web.metrics_token}
        try:
            found = read_secrets(named, Secret, folder=self.folder)["web.metrics_token"]
        except SecretsMissing as error:
            raise ArgumentError(str(error)) from None
        return found if isinstance(found, Secret) else None

    @property
    def deployment(self) -> Deployment:
        """As it is in force now."""
        return self.live.current()


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
    from stagesync.engine.definition_files import read_texts
    from stagesync.engine.events import configure_logging, password_in
    from stagesync.engine.live import Live
    from stagesync.engine.standing import give_memory
    from stagesync.loading.definitions import load_definitions
    from stagesync.settings import load_settings
    from stagesync.store import open_store
    from stagesync.store.backups import keep_older

    settings = load_settings(config)
    hidden = password_in(settings.store.url)
    configure_logging(settings.log, quiet=quiet)
    files = definition_files(settings, config)
    texts = read_texts(files)
    definitions = load_definitions(files.folder)
    demand_vocabulary(settings, definitions, config)
    clock = clock_of(settings, config)
    rules = _log_rules(settings, config)
    with ExitStack() as stack:
        connections = connections_of(settings, definitions, config=config, clock=clock)
        url = store_url(settings.store.url, config.parent)
        store = open_store(url, before=keep_older(config.parent, now_s=clock.now_s()))
        stack.callback(store.close)
        for each in connections.values():
            give_memory(each.connector, store)
            # Closed before the store: that is when it keeps what it counted last.
            stack.callback(each.connector.close)
        deployment = _deployment(
            settings, definitions, connections, store=store, clock=clock, log_rules=rules
        )
        channels = channels_of(settings.alerts, folder=config.parent)
        live = Live(
            replace(deployment, texts=texts, channels=channels),
            lambda: definition_files(settings, config),
        )
        yield Opened(settings, live, clock, hidden, config.parent)


def _deployment(
    settings: Settings,
    definitions: Definitions,
    connections: Mapping[str, Connected],
    *,
    store: Store,
    clock: SystemClock,
    log_rules: LogRules,
) -> Deployment:
    from stagesync.domain.free_mail import FREE_MAIL
    from stagesync.engine.definition_files import digest_of_definitions
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
        rehearses=settings.clock == "sandbox",
        stopping=clock.stop,
        lost=clock.lost,
        limits=_limits(settings.guardrails),
        edits=_edit_rules(settings.edits),
        log_rules=log_rules,
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
