"""How errors end a command."""

import click
import pytest
from click.testing import CliRunner

from stagesync.cli.group import Commands, shared_options
from stagesync.errors import ArgumentError, HeldError, StoreError, Unavailable


def failing_with(error):
    """A command line whose only command fails."""

    @click.group(cls=Commands)
    def main():
        pass

    @main.command()
    @shared_options()
    def fail(config):
        if isinstance(error, StoreError):
            raise error from OSError("secret path")
        raise error

    return main


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ArgumentError("bad"), 2),
        (HeldError("held"), 3),
        (Unavailable("away"), 4),
        (StoreError("broken"), 5),
        (RuntimeError("jane@doe.example"), 1),
    ],
)
def test_each_error_ends_with_its_exit_code(error, code):
    """The exit codes of the contract, 1 for whatever nobody foresaw."""
    assert code == CliRunner().invoke(failing_with(error), ["fail"]).exit_code


def test_an_error_says_what_and_what_next():
    """The message first, then the hint, both on stderr."""
    error = HeldError("plan held: nothing was written", hint="stagesync approve p_1")
    result = CliRunner().invoke(failing_with(error), ["fail"])
    assert "plan held: nothing was written\nhint: stagesync approve p_1\n" == result.stderr


def test_the_chain_of_causes_is_shown_once_without_its_text():
    """A cause from outside is named by its type, since its text may hold anything."""
    result = CliRunner().invoke(failing_with(StoreError("broken")), ["fail"])
    assert "broken\nbecause: OSError\n" == result.stderr


def test_an_unexpected_error_is_short():
    """No traceback and no text of the error, which may quote a record."""
    result = CliRunner().invoke(failing_with(RuntimeError("jane@doe.example")), ["fail"])
    assert (
        "unexpected error: RuntimeError\nhint: run it again with --verbose to see where\n"
        == result.stderr
    )


def test_verbose_shows_where_an_unexpected_error_comes_from():
    """With --verbose the traceback comes first."""
    result = CliRunner().invoke(failing_with(RuntimeError("boom")), ["fail", "--verbose"])
    assert (1, True, True) == (
        result.exit_code,
        result.stderr.startswith("Traceback"),
        "in fail" in result.stderr,
    )


def test_interruption_and_usage_are_left_to_click():
    """Ctrl-C aborts, a wrong option is a usage error."""
    aborted = CliRunner().invoke(failing_with(KeyboardInterrupt()), ["fail"])
    misused = CliRunner().invoke(failing_with(ArgumentError("x")), ["fail", "--nonsense"])
    assert (1, "\nAborted!\n") == (aborted.exit_code, aborted.stderr)
    assert 2 == misused.exit_code
