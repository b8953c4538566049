"""The chain: whatever is changed in an export of the log afterwards is found, and named."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chained_log import Log, make_log
from stagesync.domain.chain import KEYS, PART, Verdict, read_lines, seal, verify

LINES = tuple(make_log().lines)
HEADS = tuple(make_log().heads)


def check(lines: Iterable[bytes], **options: Any) -> Verdict:
    return verify(read_lines(lines), **options)


def found(lines: Iterable[bytes], **options: Any) -> tuple[int | None, str]:
    verdict = check(lines, **options)
    return verdict.broken, verdict.why


def changed(number: int, old: str, new: str) -> list[bytes]:
    """The log with a text of one entry replaced."""
    lines = list(LINES)
    assert old.encode() in lines[number - 1]
    lines[number - 1] = lines[number - 1].replace(old.encode(), new.encode())
    return lines


def blanked(lines: Sequence[bytes], *numbers: int) -> list[bytes]:
    """The log without what these entries tell of a person."""
    return [
        json.dumps({**json.loads(line), **dict.fromkeys(PART)}).encode()
        if number in numbers
        else line
        for number, line in enumerate(lines, 1)
    ]


def test_a_log_holds_up_to_its_head() -> None:
    """Two overlapping runs and acts between them are one chain; its head is the newest closing or act."""
    assert Verdict(9, HEADS[-1].hash, heads=4) == check(LINES, heads=HEADS)
    assert [3, 7, 8, 9] == [each.entries for each in HEADS]


def test_every_entry_has_the_same_keys() -> None:
    """An entry of a person, an act and a closing entry all have the promised keys."""
    assert [set(KEYS)] * 9 == [set(each) for each in read_lines(LINES)]


@given(st.data())
def test_any_changed_byte_is_found(data: st.DataObject) -> None:
    """Whichever byte of an export is changed: it is broken, or says the same as before."""
    text = bytearray(b"".join(LINES))
    place = data.draw(st.integers(0, len(text) - 1))
    text[place] ^= data.draw(st.integers(1, 255))
    lines = bytes(text).splitlines(keepends=True)
    verdict = check(lines)
    if verdict.broken is None:
        assert list(read_lines(LINES)) == list(read_lines(lines))


@given(st.data())
def test_any_changed_value_names_its_entry(data: st.DataObject) -> None:
    """Whatever key of whichever entry gets another value: this entry is named, or its number is missed."""
    number = data.draw(st.integers(1, 9))
    entry = json.loads(LINES[number - 1])
    key = data.draw(st.sampled_from(KEYS))
    value = data.draw(st.none() | st.integers() | st.text() | st.just({"closed": "r_1"}))
    if entry[key] == value or (key == "seq" and value == number):
        return
    lines = [*LINES[: number - 1], json.dumps({**entry, key: value}).encode(), *LINES[number:]]
    assert number == check(lines).broken


@pytest.mark.parametrize("number", range(1, 10))
def test_a_removed_entry_is_missed(number: int) -> None:
    """Whichever entry but the last is taken out: its number is named as missing."""
    lines = [*LINES[: number - 1], *LINES[number:]]
    expected = (number, f"entry {number} is missing") if number < 9 else (None, "")
    assert expected == found(lines)


def test_swapped_and_doubled_entries_are_found() -> None:
    """Entries that changed places, and one that stands twice, break the chain where the first of them stood."""
    assert (2, "entry 2 is missing") == found([LINES[0], LINES[2], LINES[1], *LINES[3:]])
    assert (3, "entry 3 is missing") == found([*LINES[:2], LINES[1], *LINES[2:]])


def test_a_removed_run_is_found() -> None:
    """A run that was taken out whole, closing entry included, is missed even when all are numbered anew."""
    kept = [json.loads(line) for line in LINES]
    kept = [each for each in kept if each["run"] != "r_1"]
    lines = [json.dumps({**each, "seq": n}).encode() for n, each in enumerate(kept, 1)]
    assert 1 == check(lines).broken


def test_an_entry_forged_into_a_run_is_found() -> None:
    """A run with an entry more than its closing entry tells is broken at the closing entry."""
    log = Log()
    log.write("r_1", "p_1", "mql")
    log.ends["r_1"] = (2, log.ends["r_1"][1])
    log.close("r_1")
    assert (2, "closes another segment than the one before it") == found(log.lines)


def test_an_entry_made_anew_breaks_the_one_that_follows() -> None:
    """Who alters an entry and works its hash out anew has the next entry of that chain against them."""
    for number, follower in ((1, 4), (3, 7)):
        entry = {**json.loads(LINES[number - 1]), "actor": "mallory"}
        own = {key: value for key, value in entry.items() if key not in {"hash", "salt", "digest"}}
        lines = [*LINES[: number - 1], seal(own, salt="00").line.encode(), *LINES[number:]]
        assert (follower, "does not follow the entry before") == found(lines)


def test_a_cut_end_is_found_by_a_noted_head() -> None:
    """A log that lost its end looks whole, but not to somebody who noted a head of it."""
    assert None is check(LINES[:7]).broken
    why = "is missing: the log had 8 when its head was noted"
    assert (8, why) == found(LINES[:7], heads=HEADS)


def test_a_log_made_anew_is_found_by_a_noted_head() -> None:
    """A log that was forged from the start on holds by itself, and has not the head that was noted."""
    log = Log()
    log.write("r_1", "p_1", "mql")
    log.write("r_2", "p_2", "client")
    log.tell({"approved": "pl_1", "values": 3})
    assert None is check(log.lines).broken
    assert (3, "does not have the head that was noted there") == found(log.lines, heads=HEADS[:1])


def test_heads_noted_twice_are_found_twice() -> None:
    """A head that was noted again after a crash does no harm."""
    assert 5 == check(LINES, heads=[HEADS[0], *HEADS]).heads


def test_what_is_no_entry_is_named_by_its_place() -> None:
    """A line that is no JSON, or no object, is named by the number of the entry that should stand there."""
    assert (2, "is not JSON") == found([LINES[0], LINES[1][:-9], *LINES[2:]])
    assert (2, "is not an entry") == found([LINES[0], b"[1]\n", *LINES[2:]])


def test_a_key_that_stands_twice_is_found() -> None:
    """An entry that says two things at once is refused: one program would believe the first."""
    twice = '"after":"client","after":"mql"'
    assert (1, "has a key twice") == found(changed(1, '"after":"mql"', twice))


def test_an_export_that_was_laid_out_anew_holds() -> None:
    """Blanks and another order of keys change nothing."""
    lines = [json.dumps(json.loads(line), sort_keys=True, indent=None).encode() for line in LINES]
    assert lines[0] != LINES[0].strip()
    assert Verdict(9, HEADS[-1].hash) == check(lines)


def test_an_open_run_is_told() -> None:
    """A run without its closing entry is no fault, and is named."""
    verdict = check(LINES[:6])
    assert (None, ("r_1", "r_2"), HEADS[0].hash) == (verdict.broken, verdict.open, verdict.head)


def test_what_is_blanked_leaves_the_chain_whole() -> None:
    """Entries without what they told of a person hold, when the log tells that they were blanked."""
    log = make_log()
    log.tell({"blanked": 2, "why": "asked for"})
    verdict = check(blanked(log.lines, 1, 4))
    assert (None, 2) == (verdict.broken, verdict.blanked)


def test_what_is_blanked_in_silence_is_found() -> None:
    """More blanked entries than the log tells of are a fault; the first one is named."""
    log = make_log()
    log.tell({"blanked": 1, "why": "asked for"})
    why = "is blanked: 2 entries are, and the log tells of 1"
    assert (1, why) == found(blanked(log.lines, 1, 4))


def test_an_act_cannot_be_blanked() -> None:
    """What is of nobody is bound by the hash itself: without its result it is altered."""
    assert (3, "was altered") == found(blanked(LINES, 3))


def test_half_a_part_is_altered() -> None:
    """A part is there whole, or not at all."""
    assert (1, "was altered") == found(changed(1, '"person":"p_1"', '"person":null'))


def test_a_guess_at_what_was_blanked_cannot_be_tried() -> None:
    """Two entries that say the same have different digests, and no digest without its salt is found by trying."""
    one, other = (seal({"seq": 1, "person": "p_1", "id": "7"}, salt=s * 32) for s in "ab")
    assert one.kept != other.kept
    assert "a" * 32 not in one.kept


def _run(number: str, lines: Iterable[bytes] = LINES) -> list[bytes]:
    return [line for line in lines if json.loads(line)["run"] == number]


def test_one_run_holds_by_itself() -> None:
    """The entries of a run and its closing entry are checked without the others."""
    verdict = check(_run("r_1"), run="r_1")
    assert (4, None, HEADS[1].hash) == (verdict.entries, verdict.broken, verdict.head)


@pytest.mark.parametrize("place", range(3))
def test_a_removed_entry_of_one_run_is_found(place: int) -> None:
    """Also within a run alone, nothing can be taken out before its closing entry."""
    lines = _run("r_1")
    numbers = [json.loads(line)["seq"] for line in lines]
    assert numbers[place + 1] == check([*lines[:place], *lines[place + 1 :]], run="r_1").broken


def test_entries_of_a_run_in_disorder_or_of_another_are_found() -> None:
    """A run's entries stand in order, and are its own."""
    lines = _run("r_1")
    assert (2, "belongs to another run") == found([lines[0], LINES[1]], run="r_1")
    assert (2, "stands before an earlier one") == found([lines[0], lines[0]], run="r_1")
