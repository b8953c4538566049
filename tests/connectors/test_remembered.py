"""The memory that connectors share: one text, several lives."""

import orjson
import pytest
import structlog

from sandbox_clock import SandboxClock
from stagesync.connector import Remembered, Secret
from stagesync.sandbox.clock import SimClock

DAY_S = 86_400.0


class Shelf:
    """Where the text of a connection lies, as the store would keep it."""

    def __init__(self):
        self.text = None
        self.clock = SandboxClock(SimClock())

    def life(self, configured="first"):
        """A new life, and what it hears of others' calls."""
        heard = []
        made = Remembered(
            self.clock, configured=Secret(configured) if configured else None, heard=heard.append
        )
        made.attach(lambda: self.text, self.keep)
        return made, heard

    def keep(self, text):
        self.text = text

    def told(self):
        return orjson.loads(self.text.reveal())


@pytest.fixture
def shelf():
    return Shelf()


def test_lives_strike_none_of_each_others_calls(shelf):
    """Two lives at once, each keeping in its turn, end with the calls of both, and each hears the other's."""
    (one, heard_one), (two, heard_two) = shelf.life(), shelf.life()
    for _ in range(3):
        one.count(2)
        two.count(5)
        shelf.clock.sleep(61)
    one.close()
    two.close()
    kept = [count for calls in shelf.told()["calls"].values() for _, count in calls]
    assert (21, 10, 6) == (sum(kept), sum(heard_one[-1].values()), sum(heard_two[-1].values()))


def test_next_life_hears_of_the_last_one(shelf):
    """What was sent before is told when the memory is attached, by the minute."""
    one, _ = shelf.life()
    minute = int(shelf.clock.now_s() // 60)
    one.count(3)
    one.close()
    _, heard = shelf.life()
    assert [{minute: 3}] == heard


def test_calls_of_the_day_before_are_forgotten(shelf):
    """The text holds 24 hours, and no life that sent nothing in them."""
    one, _ = shelf.life()
    one.count()
    one.close()
    two, _ = shelf.life()
    shelf.clock.sleep(DAY_S + 60)
    two.count()
    two.close()
    assert [1] == [len(calls) for calls in shelf.told()["calls"].values()]
    assert 1 == len(shelf.told()["calls"])


def test_count_does_not_put_back_a_token_that_another_life_replaced(shelf):
    """A life that only counts leaves the newest token in place, whoever was given it."""
    (one, _), (two, _) = shelf.life(), shelf.life()
    one.replace_token("second")
    assert "second" == two.token().reveal()
    one.replace_token("third")
    two.count()
    two.close()
    assert ("third", "third") == (shelf.told()["token"]["text"], one.token().reveal())


def test_late_write_does_not_bring_a_spent_token_back(shelf):
    """A text that another life read before and wrote after a renewal is put right by the one that renewed."""
    one, _ = shelf.life()
    one.replace_token("second")
    stale = shelf.text
    one.replace_token("third")
    shelf.text = stale
    assert "third" == one.token().reveal()
    one.count()
    one.close()
    assert "third" == shelf.told()["token"]["text"]


def test_same_token_again_is_no_news(shelf):
    """An answer that bears the token in force, or none, keeps nothing."""
    one, _ = shelf.life()
    one.replace_token("first")
    one.replace_token("")
    assert None is shelf.text


def test_memory_of_another_configured_token_is_dropped(shelf):
    """The calls stay, the token of the old line goes."""
    one, _ = shelf.life()
    one.count()
    one.replace_token("second")
    other, heard = shelf.life("another")
    assert ("another", 1) == (other.token().reveal(), sum(heard[0].values()))
    other.count()
    other.close()
    assert None is shelf.told()["token"]


@pytest.mark.parametrize("text", ["", "{", "7", '{"v":99,"token":{"of":"x","text":"hush"}}'])
def test_text_that_cannot_be_read_is_told_and_passed_over(shelf, text):
    """A text of another form counts as none; the log names it without showing it."""
    shelf.text = Secret(text)
    with structlog.testing.capture_logs() as logged:
        made, heard = shelf.life()
    assert ("first", [{}]) == (made.token().reveal(), heard)
    assert [{"event": "remembered_unreadable", "log_level": "warning"}] == logged


def test_connector_without_a_refresh_token_has_none(shelf):
    """A static token has nothing to renew."""
    made, _ = shelf.life(configured=None)
    assert None is made.token()


def test_memory_shows_no_token(shelf):
    """Neither the memory nor its parts show a token in their repr."""
    made, _ = shelf.life("hush-hush")
    made.replace_token("more-hush")
    assert "hush" not in f"{made!r} {vars(made)!r} {shelf.text!r}"
