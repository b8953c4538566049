"""Tells people of alerts that came and went, each of them once to each channel.

The store keeps what was told to whom. A message is sent first and noted then: who is killed in between sends it
again. A channel that fails is tried again after pauses that grow, and is itself an alert, which the others tell.
All this goes on beside the runs, in a thread of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import structlog
from sqlalchemy import Connection

from stagesync.domain.said import Said
from stagesync.engine.alerts import HERE, Kind, settle
from stagesync.engine.channels import Channel, ChannelFailed, Message
from stagesync.engine.deployment import Deployment
from stagesync.engine.messages import Speech, compose
from stagesync.errors import StoreError
from stagesync.store import alerts, channels
from stagesync.store.channels import Change, ChannelState

log = structlog.get_logger()

FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 3_600.0
"""How long a channel is left alone after a failure: doubled from one to the next."""

AN_ALERT_FROM = 2
"""Failures in a row from which on a channel is an alert itself."""

CLAIM_S = 120.0
"""So long a process that died while it told something keeps the others from it."""

GLANCE_S = 15.0
"""How often a daemon looks whether a channel may be tried again."""

LAST_S = 20.0
"""How long the end of a command waits for what is being told."""


def tell_all(deployment: Deployment, speech: Speech) -> None:
    """Tell every channel that may be asked now what it was not told yet."""
    for channel in deployment.channels:
        _tell(deployment, channel, speech)
    _notice_channels(deployment)


def _tell(deployment: Deployment, channel: Channel, speech: Speech) -> None:
    changes = _take(deployment, channel)
    if not changes:
        return
    try:
        channel.send(compose(changes, speech))
    except ChannelFailed as error:
        note_failure(deployment, channel, error)
        return
    with deployment.store.begin(fenced=False) as tx:
        channels.note_told(tx, channel.name, changes)
        channels.succeeded(tx, channel.name, at_s=deployment.clock.now_s())
    log.info("alerts told", channel=channel.name, changes=len(changes))


def _take(deployment: Deployment, channel: Channel) -> Sequence[Change]:
    """What is to be told; nothing while the channel rests, or another process has it."""
    now_s = deployment.clock.now_s()
    with deployment.store.read() as tx:
        known = channels.channel_state(tx, channel.name)
        if known and (_rests(known, now_s) or not _untold(tx, known)):
            return ()
    with deployment.store.begin(fenced=False) as tx:
        channels.meet(tx, channel.name, at_s=now_s)
        known = channels.channel_state(tx, channel.name)
        changes = _untold(tx, known) if known else []
        if changes and channels.claim(tx, channel.name, now_s=now_s, until_s=now_s + CLAIM_S):
            return changes
    return ()


def _rests(known: ChannelState, now_s: float) -> bool:
    # An instant beyond the longest pause was noted before our clock was set back.
    return known.next_at_s is not None and 0 < known.next_at_s - now_s <= LONGEST_PAUSE_S


def _untold(tx: Connection, known: ChannelState) -> list[Change]:
    """What the channel was not told; of itself it is told nothing."""
    return channels.untold(tx, known, own=f"{Kind.CHANNEL}:{known.name}")


def note_failure(deployment: Deployment, channel: Channel, error: ChannelFailed) -> None:
    """Keep that a channel failed, and when it is tried again."""
    with deployment.store.begin(fenced=False) as tx:
        known = channels.channel_state(tx, channel.name)
        failures = known.failures if known else 0
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures, 10))
        next_at_s = deployment.clock.now_s() + pause_s
        channels.failed(tx, channel.name, error.words, next_at_s=next_at_s)
    log.warning("channel failed", channel=channel.name, words=error.words, again_in_s=pause_s)


def _notice_channels(deployment: Deployment) -> None:
    """Raise an alert for each channel that keeps failing; end it when it works."""
    with deployment.store.read() as tx:
        told = {name: _failing(known) for name, known in _states(tx, deployment) if _fails(known)}
        before = {each.key for each in alerts.standing(tx, HERE) if each.kind == Kind.CHANNEL}
    if before != {f"{Kind.CHANNEL}:{name}" for name in told}:
        with deployment.store.begin(fenced=False) as tx:
            settle(tx, HERE, Kind.CHANNEL, told, now_s=deployment.clock.now_s())


def _states(tx: Connection, deployment: Deployment) -> Iterator[tuple[str, ChannelState]]:
    for channel in deployment.channels:
        if known := channels.channel_state(tx, channel.name):
            yield channel.name, known


def _fails(known: ChannelState) -> bool:
    return known.failures >= AN_ALERT_FROM


def _failing(known: ChannelState) -> tuple[str, str]:
    what = Said(
        "alerts cannot be told to {channel}: {words}", channel=known.name, words=known.trouble
    )
    fix = Said(
        "correct `alerts` in the settings; stagesync doctor --alert-test sends a message to each"
        " channel"
    )
    return what, fix


def try_channels(deployment: Deployment, speech: Speech) -> dict[str, str]:
    """Send a message to each channel; channel -> why it failed, empty where it went out."""
    words = Said("stagesync: a test of this channel")
    text = Said("Alerts of stagesync will be told here.")
    found: dict[str, str] = {}
    for channel in deployment.channels:
        message = Message(
            speech.say(words), "\n".join(filter(None, [speech.say(text), speech.link]))
        )
        with deployment.store.begin(fenced=False) as tx:
            channels.meet(tx, channel.name, at_s=deployment.clock.now_s())
        try:
            channel.send(message)
        except ChannelFailed as error:
            note_failure(deployment, channel, error)
            found[channel.name] = error.words
            continue
        with deployment.store.begin(fenced=False) as tx:
            channels.succeeded(tx, channel.name, at_s=deployment.clock.now_s())
        found[channel.name] = ""
    return found


@contextmanager
def telling(deployment: Deployment, speech: Speech) -> Iterator[Callable[[], None]]:
    """A thread that tells alerts while the block lasts; gives what wakes it after a run."""
    if not deployment.channels:
        yield lambda: None
        return
    teller = _Teller(deployment, speech)
    thread = threading.Thread(target=teller.work, name="alerts", daemon=True)
    thread.start()
    try:
        yield teller.woken.set
    finally:
        teller.ended.set()
        teller.woken.set()
        thread.join(LAST_S)


class _Teller:
    """Looks when it is woken, and now and then."""

    def __init__(self, deployment: Deployment, speech: Speech) -> None:
        self._deployment = deployment
        self._speech = speech
        self.woken = threading.Event()
        self.ended = threading.Event()

    def work(self) -> None:
        """Tell until the end, and then what came last."""
        while not self.ended.is_set():
            self.woken.wait(GLANCE_S)
            self.woken.clear()
            try:
                tell_all(self._deployment, self._speech)
            except StoreError as error:
                log.warning("alerts not told", error=str(error))
