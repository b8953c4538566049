"""Alerts reach people once each, by a real chat and a real mail server, and a channel that fails holds nothing up."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from channel_ends import PASSWORD, USER, Chat, chat, mailbox
from stagesync.connector import CredentialsRefused, Refusal
from stagesync.engine.alerts import HERE, Kind, settle
from stagesync.engine.channels import ChannelFailed, Message, channels_of
from stagesync.engine.messages import Speech
from stagesync.engine.run import run_once
from stagesync.engine.status import status
from stagesync.engine.telling import tell_all, telling, try_channels
from stagesync.settings import AlertSettings
from stagesync.store import alerts
from stagesync.web.words import tell as in_words
from tls import self_signed

from .bench import FEW, Bench

LINK = "https://stagesync.acme.example/alerts"
SPEECH = Speech(link=LINK)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    with chat() as found:
        monkeypatch.setenv("CHAT_URL", found.url)
        yield found


@pytest.fixture
def told(bench: Bench, room: Chat) -> Bench:
    """A deployment that tells a chat of its alerts."""
    connect(bench, {"webhooks": {"team": {"url": {"env": "CHAT_URL"}}}})
    return bench


def connect(bench: Bench, settings: Mapping[str, Any]) -> None:
    found = channels_of(AlertSettings.model_validate(settings), folder=Path())
    bench.redeploy(channels=found)


def raise_alert(bench: Bench, *things: str, connection: str = "north") -> None:
    """Exactly these things are wrong now."""
    with bench.store.begin() as tx:
        found = {each: (f"{each} is wrong", f"mend {each}") for each in things}
        settle(tx, connection, Kind.DRIFT, found, now_s=bench.clock.now_s())


def test_each_state_change_is_told_once(told: Bench, room: Chat) -> None:
    """It comes with its fix and the page's address, and goes; in between nothing is said."""
    tell_all(told.deployment, SPEECH)
    raise_alert(told, "a<b> & c")
    for _ in range(3):
        tell_all(told.deployment, SPEECH)
        told.clock.advance(seconds=3_600)
    raise_alert(told)
    tell_all(told.deployment, SPEECH)
    tell_all(told.deployment, SPEECH)
    thing = "a&lt;b&gt; &amp; c"
    raised = (
        f"*stagesync alerts: 1 raised, 0 ended*\nraised: north: {thing} is wrong\nfix: mend {thing}"
    )
    ended = f"*stagesync alerts: 0 raised, 1 ended*\nended: north: {thing} is wrong"
    assert [f"{raised}\n\n{LINK}", f"{ended}\n\n{LINK}"] == room.texts


def test_many_at_once_are_one_message(told: Bench, room: Chat) -> None:
    """The same alert of two connections is one line, and beyond twenty the rest is counted."""
    raise_alert(told, "a")
    raise_alert(told, "a", connection="south")
    told.clock.advance(seconds=1)
    raise_alert(told, *(f"t{n:02}" for n in range(25)), connection=HERE)
    tell_all(told.deployment, SPEECH)
    (text,) = room.texts
    assert ("27 raised", 1, 20, "and 6 more") == (
        text.split(": ")[1].split(",")[0],
        text.count("north, south: a is wrong"),
        text.count("raised: "),
        next(line for line in text.splitlines() if line.startswith("and ")),
    )


def test_what_ended_before_a_channel_was_there_is_not_told(told: Bench, room: Chat) -> None:
    """What stands when it comes is."""
    raise_alert(told, "old")
    raise_alert(told, "standing")
    told.clock.advance(seconds=60)
    tell_all(told.deployment, SPEECH)
    assert (1, False) == (room.texts[0].count("raised: "), "old" in room.texts[0])


def test_a_failing_channel_is_tried_again_after_growing_pauses(told: Bench, room: Chat) -> None:
    """Within two hours it is asked seven times; when it works all is told, once, what ended meanwhile too."""
    room.status = 503
    raise_alert(told, "a", "b")
    for _ in range(120):
        tell_all(told.deployment, SPEECH)
        told.clock.advance(seconds=60)
    assert (7, []) == (room.asked, room.texts)
    (channel,) = status(told.deployment, now_s=told.clock.now_s())["channels"]
    assert ("team", 7, "it answered 503") == (
        channel["channel"],
        channel["failures"],
        channel["trouble"],
    )
    room.status = 200
    raise_alert(told, "b")
    told.clock.advance(seconds=3_600)
    tell_all(told.deployment, SPEECH)
    (text,) = room.texts
    assert ("raised and ended: north: a is wrong" in text, "raised: north: b is wrong" in text) == (
        True,
        True,
    )


def test_a_channel_that_fails_is_told_by_the_others(
    told: Bench, room: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an alert from the second failure on, ended when it works; and never told to itself."""
    with chat() as other:
        monkeypatch.setenv("OTHER_URL", other.url)
        named = {"team": {"url": {"env": "CHAT_URL"}}, "ops": {"url": {"env": "OTHER_URL"}}}
        connect(told, {"webhooks": named})
        room.status = 500
        raise_alert(told, "a")
        for _ in range(6):
            tell_all(told.deployment, SPEECH)
            told.clock.advance(seconds=120)
        room.status = 200
        for _ in range(6):
            told.clock.advance(seconds=600)
            tell_all(told.deployment, SPEECH)
        words = "alerts cannot be told to team: it answered 500"
        assert [False, True, True] == [words in text for text in other.texts]
        assert ([False], "ended: ") == (
            [words in t for t in room.texts],
            other.texts[2].split("\n")[1][:7],
        )


def test_a_redirect_is_not_followed(told: Bench, room: Chat) -> None:
    """Whoever answers for the chat cannot send the message elsewhere."""
    room.status = 302
    assert {"team": "it answered 302"} == try_channels(told.deployment, SPEECH)
    assert 1 == room.asked


@pytest.mark.parametrize(
    "url", ["http://chat.acme.example/hush", "ftp://127.0.0.1/", "hush", "https://a@b/"]
)
def test_a_webhook_is_encrypted_or_stays_here(
    told: Bench, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain http to another machine is not sent, and the address stays out of what is said."""
    monkeypatch.setenv("CHAT_URL", url)
    words = "its address must begin with https, or stay on this machine"
    assert {"team": words} == try_channels(told.deployment, SPEECH)


def test_a_missing_secret_is_a_failure_of_its_channel(
    told: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read when something is sent: the deployment works without it."""
    monkeypatch.delenv("CHAT_URL")
    (words,) = try_channels(told.deployment, SPEECH).values()
    assert "CHAT_URL is not set" in words


def test_a_chat_that_must_prove_itself_and_cannot_gets_nothing(
    told: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate that nobody vouches for ends it before a word is said."""
    from tls import listening

    with listening(b"HTTP/1.1 200 OK\r\n\r\n", certificate=self_signed(tmp_path)) as there:
        monkeypatch.setenv("CHAT_URL", there.url)
        (words,) = try_channels(told.deployment, SPEECH).values()
        assert ("it does not prove itself by a certificate that is trusted", []) == (
            words,
            there.heard,
        )


def email(port: int, security: str = "none", **more: Any) -> dict[str, Any]:
    told = {
        "host": "127.0.0.1",
        "port": port,
        "security": security,
        "from": "stagesync@acme.example",
    }
    return {"email": {**told, "to": ["ops@acme.example", "ann@acme.example"], **more}}


def test_alerts_go_by_mail_in_french(bench: Bench) -> None:
    """A plain mail in the deployment's language, to everybody in the settings."""
    bench.redeploy(limits=FEW)
    contacts = [bench.contact(f"p{n}@firm.example", last=f"Ng{n}") for n in range(20)]
    bench.sync()
    for each in contacts[:8]:
        bench.form(each)
    with mailbox() as box:
        connect(bench, email(box.port))
        held = bench.sync().plan.id
        tell_all(bench.deployment, Speech(partial(in_words, "fr"), LINK))
        (mail,) = box.mails
    text = mail.get_content()
    assert ("stagesync@acme.example", "ops@acme.example, ann@acme.example", "auto-generated") == (
        mail["From"],
        mail["To"],
        mail["Auto-Submitted"],
    )
    assert f"le plan {held} est retenu\u202f:" in text
    assert LINK in text
    assert ("is held" in text, "raised" in mail["Subject"]) == (False, False)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mails_are_encrypted_and_signed_in(
    bench: Bench, security: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that asks for both is told; a wrong password is told as such, without being repeated."""
    certificate = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    login = {"user": USER, "password": {"env": "MAIL_PASSWORD"}}
    right = (PASSWORD, "")
    wrong = ("wrong-one", "it refuses the login (535)")
    with mailbox(certificate, implicit=security == "tls") as box:
        connect(bench, email(box.port, security, **login))
        for password, words in (right, wrong):
            monkeypatch.setenv("MAIL_PASSWORD", password)
            assert {"email": words} == try_channels(bench.deployment, SPEECH)
        assert 1 == len(box.mails)
        monkeypatch.delenv("SSL_CERT_FILE")
        untrusted = try_channels(bench.deployment, SPEECH)
        assert {"email": "it does not prove itself by a certificate that is trusted"} == untrusted


def test_a_mail_server_that_offers_no_encryption_gets_no_mail(bench: Bench) -> None:
    """With `starttls` nothing goes in the clear, whatever the server says."""
    with mailbox() as box:
        connect(bench, email(box.port, "starttls"))
        assert {"email": "it offers no encryption, or no login"} == try_channels(
            bench.deployment, SPEECH
        )
        assert [] == box.mails


def test_addresses_that_are_refused_are_not_repeated(bench: Bench) -> None:
    """Who gets mails is nobody's business in a log."""
    with mailbox() as box:
        box.refuses = True
        connect(bench, email(box.port))
        assert {"email": "it refuses everybody in `to`"} == try_channels(bench.deployment, SPEECH)


def test_nothing_personal_is_sent(told: Bench, room: Chat) -> None:
    """Whatever goes wrong with people's records, no name, address or word of a CRM is in a message."""
    told.redeploy(limits=FEW)
    contacts = [
        told.contact(f"p{n}@personal.example", first="Zoe", last="Personal") for n in range(20)
    ]
    told.sync()
    tell_all(told.deployment, SPEECH)
    told.refuse("north", "contact", contacts[0])
    told.north.refuse(
        "contact",
        contacts[9],
        Refusal.LOCKED,
        message="Zoe Personal",
    )
    for each in contacts[:3] + contacts[9:10]:
        told.form(each)
    told.sync()
    for each in contacts[10:18]:
        told.form(each)
    told.sync()
    told.north.fail(CredentialsRefused("Zoe Personal <p0@personal.example> may not"))
    told.sync()
    tell_all(told.deployment, SPEECH)
    text = "\n".join(room.texts)
    with told.store.begin() as tx:
        kinds = {each.kind for each in alerts.all_alerts(tx, "north")}
    assert {"held", "parked", "trouble"} <= kinds
    assert all(
        each in text for each in ("is held", "values that the CRM refused", "cannot be worked")
    )
    assert not any(word in text for word in ("Zoe", "Personal", "personal.example"))


def test_two_processes_do_not_tell_the_same(told: Bench, room: Chat) -> None:
    """Whoever died while it told something is waited for, for two minutes."""
    from stagesync.store import channels

    raise_alert(told, "a")
    now_s = told.clock.now_s()
    with told.store.begin(fenced=False) as tx:
        channels.meet(tx, "team", at_s=now_s)
        assert channels.claim(tx, "team", now_s=now_s, until_s=now_s + 120)
    tell_all(told.deployment, SPEECH)
    assert [] == room.texts
    told.clock.advance(seconds=121)
    tell_all(told.deployment, SPEECH)
    assert 1 == len(room.texts)


def test_who_dies_between_sending_and_noting_sends_again(told: Bench, room: Chat) -> None:
    """At least once: what is not noted was perhaps not told."""

    class Dies:
        name = "team"

        def send(self, message: Message) -> None:
            told_by_now.send(message)
            raise SystemExit

    (told_by_now,) = told.deployment.channels
    raise_alert(told, "a")
    told.redeploy(channels=[Dies()])
    with pytest.raises(SystemExit):
        tell_all(told.deployment, SPEECH)
    told.redeploy(channels=[told_by_now])
    told.clock.advance(seconds=130)
    tell_all(told.deployment, SPEECH)
    tell_all(told.deployment, SPEECH)
    assert 2 == len(room.texts)
    assert room.texts[0] == room.texts[1]


@pytest.mark.one_kind
def test_a_channel_that_hangs_delays_no_run(bench: Bench) -> None:
    """The run ends while the message is on its way; what came is told when the block ends."""

    class Slow:
        name = "slow"
        sent = 0

        def send(self, _message: Message) -> None:
            time.sleep(0.5)
            self.sent += 1
            raise ChannelFailed("slow")

    slow = Slow()
    bench.redeploy(channels=[slow])
    raise_alert(bench, "a")
    with telling(bench.deployment, SPEECH) as wake:
        wake()
        began = time.monotonic()
        run_once(bench.deployment)
        took_s = time.monotonic() - began
    assert (1, True) == (slow.sent, took_s < 5)
