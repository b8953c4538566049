"""Small questions that policies and vocabularies answer about themselves."""

import pytest
from tests.domain.standard import STANDARD

from stagesync.domain.condition import Anything
from stagesync.domain.vocabulary import Stage, Vocabulary

WORDS = Vocabulary("v", {}, "", (Stage("a", {}, Anything()), Stage("b", {}, Anything())))


def test_label():
    """A policy's label bears its name, its version and the first digits of its digest."""
    assert "standard 1 (00000000)" == STANDARD.label


def test_stage_by_id():
    """A vocabulary finds its stages by id."""
    assert WORDS.stages[1] == WORDS.stage("b")


def test_no_such_stage():
    """A vocabulary has no stages but its own."""
    with pytest.raises(KeyError, match="c"):
        WORDS.stage("c")
