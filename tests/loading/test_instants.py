"""Instants."""

import pytest

from stagesync.loading.instants import format_instant, parse_instant


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("2026-10-01T10:00:00Z", 1790848800.0),
        ("2026-10-01T12:00:00+02:00", 1790848800.0),
        ("2026-10-01T04:30:00-05:30", 1790848800.0),
        ("2026-10-01T10:00:00.25Z", 1790848800.25),
        ("2026-10-01T10:00Z", 1790848800.0),
    ],
)
def test_any_offset_gives_the_same_instant(text, seconds):
    """An instant is read as Unix seconds whatever its offset."""
    assert seconds == parse_instant(text)


@pytest.mark.parametrize("text", ["2026-10-01T10:00:00", "2026-10-01"])
def test_an_instant_without_zone_is_refused(text):
    """An instant that names no zone is refused and says so."""
    with pytest.raises(ValueError, match="without a time zone"):
        parse_instant(text)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "1790848800"])
def test_text_that_is_no_instant_is_refused(text):
    """Anything but ISO 8601 is refused."""
    with pytest.raises(ValueError, match="is not an instant"):
        parse_instant(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1790848800.0, "2026-10-01T10:00:00Z"),
        (1790848800.25, "2026-10-01T10:00:00.25Z"),
        (-1.0, "1969-12-31T23:59:59Z"),
    ],
)
def test_instants_are_written_in_utc_with_a_fraction_only_when_there_is_one(seconds, text):
    """What is written reads back as the same instant."""
    assert (text, seconds) == (format_instant(seconds), parse_instant(text))
