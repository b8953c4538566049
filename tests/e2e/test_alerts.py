"""The commands tell people of alerts: `sync` at its end, `doctor --alert-test` when asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from channel_ends import Chat, chat
from stagesync.cli import main

SETTINGS = """\
connections:
  hubspot: {connector: hubspot, token: {env: HUBSPOT_TOKEN}, url: "http://127.0.0.1:9"}
language: fr
"""
ALERTS = """\
alerts: {webhooks: {team: {url: {env: CHAT_URL}}}}
web: {listen: "127.0.0.1:0", public_url: "https://stagesync.acme.example"}
"""


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    with chat() as found:
        monkeypatch.setenv("CHAT_URL", found.url)
        monkeypatch.setenv("HUBSPOT_TOKEN", "pat-na1-hush-hush")
        yield found


def stagesync(folder: Path, *args: str, settings: str = SETTINGS + ALERTS) -> tuple[int, str]:
    """Exit code and what is printed."""
    config = folder / "stagesync.yaml"
    config.write_text(settings)
    done = CliRunner().invoke(main, [*args, "--config", str(config)])
    return done.exit_code, done.stdout or done.stderr


def test_the_doctor_sends_a_test_message(tmp_path: Path, room: Chat) -> None:
    """In the deployment's language, with the page's address; and says what came of it."""
    assert (0, "team: told\n") == stagesync(tmp_path, "doctor", "--alert-test")
    head, words, link = room.texts[0].splitlines()
    assert "*stagesync\u202f: essai de ce canal*" == head
    assert "Les alertes de stagesync seront envoyées ici." == words
    assert "https://stagesync.acme.example/alerts" == link
    room.status = 404
    code, told = stagesync(tmp_path, "doctor", "--alert-test", "--json")
    found = {"ok": False, "channels": [{"channel": "team", "trouble": "it answered 404"}]}
    assert (4, found) == (code, json.loads(told))


def test_without_a_channel_there_is_nothing_to_test(tmp_path: Path, room: Chat) -> None:
    """The hint names what to configure."""
    code, told = stagesync(tmp_path, "doctor", "--alert-test", settings=SETTINGS)
    assert (2, True) == (code, "no channel of alerts is configured" in told)


@pytest.mark.gate
def test_a_run_tells_what_it_raised_and_status_shows_a_failing_channel(
    tmp_path: Path, room: Chat
) -> None:
    """A CRM that does not answer is not read to its end: that goes out when `sync` ends."""
    room.status = 500
    assert 4 == stagesync(tmp_path, "sync")[0]
    code, told = stagesync(tmp_path, "status")
    assert (0, True) == (code, "channel team: it answered 500, again " in told)
    assert "hush" not in told
    (channel,) = json.loads(stagesync(tmp_path, "status", "--json")[1])["channels"]
    assert ("team", None, 1) == (channel["channel"], channel["told_at"], channel["failures"])
