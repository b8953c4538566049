"""The suite catches connectors that are broken on purpose, each by the test that is about its mistake."""

import pytest

import stagesync.connector.contract_suite  # noqa: F401  loaded once, not in each run inside a test
from stagesync.connector.memory import MemoryConnector

from . import broken as mistaken
from . import forgetful
from .memory_account import MemoryAccount

pytest_plugins = ["pytester"]

CAUGHT_BY = mistaken.CAUGHT_BY | forgetful.CAUGHT_BY

SUITE = """
from stagesync.connector.contract_suite import ConnectorContract


class TestIt(ConnectorContract):
    account = None  # not of the class: the plugin below gives it
"""


class UnderTest:
    """Gives the suite that runs inside this test its account."""

    def __init__(self, make):
        self._make = make

    @pytest.fixture
    def account(self):
        return MemoryAccount(self._make)


@pytest.fixture
def failures(pytester):
    """Runs the suite, or one test of it, on a connector; gives the names of the tests that fail."""
    pytester.makepyfile(SUITE)

    def run(make, only=""):
        chosen = (
            "-p",
            "no:cacheprovider",
            "-p",
            "no:hypothesispytest",
            *(("-k", only) if only else ()),
        )
        passed, _, failed = pytester.inline_run(*chosen, plugins=[UnderTest(make)]).listoutcomes()
        assert len(passed) + len(failed) > 0
        return {each.nodeid.rpartition("::")[2].partition("[")[0] for each in failed}

    return run


def test_sound_connector_passes(failures):
    """The reference itself fails no test, so that a failure below is the mistake's doing."""
    assert set() == failures(MemoryConnector)


@pytest.mark.parametrize("broken", CAUGHT_BY, ids=lambda each: each.__name__)
def test_mistake_is_caught(failures, broken):
    """The test that is about the mistake fails."""
    assert {CAUGHT_BY[broken]} == failures(broken, only=CAUGHT_BY[broken])
