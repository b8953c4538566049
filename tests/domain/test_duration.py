"""Durations."""

import pytest

from stagesync.domain.duration import seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("60s", 60),
        ("15m", 900),
        ("24h", 86400),
        ("180d", 15552000),
        ("2w", 1209600),
        ("0.5d", 43200),
        (" 1 d ", 86400),
        ("0d", 0),
    ],
)
def test_durations_are_seconds(text, seconds):
    """A number and a unit make seconds."""
    assert seconds == seconds_of(text)


@pytest.mark.parametrize(
    "text", ["", "15", "m", "-1d", "1y", "1d2h", "1.d", "101000d", "9" * 400 + "d", "\uff19d"]
)
def test_text_that_is_no_duration_is_none(text):
    """No unit, no number, unknown units, more than a century and digits of other scripts are no duration."""
    assert None is seconds_of(text)
