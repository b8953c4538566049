"""The console's French is whole."""

from __future__ import annotations

import string
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import stagesync.web
from stagesync.web.words import best_language, say, say_many

WEB = Path(stagesync.web.__file__).parent
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
TOLD = {"Said": (1,), "template": (1,)}
"""What the engine says, wherever it stands."""
KEYWORDS = {"_": None, "say": (1,), "ngettext": (1, 2), "say_many": (1, 2)}


def said() -> set[str | tuple[str, str]]:
    """Every sentence that a page or a message may hold."""
    pages = extract_from_dir(WEB, method_map=METHODS, keywords=KEYWORDS, comment_tags=())
    told = extract_from_dir(
        WEB.parent, method_map=[("**.py", "python")], keywords=TOLD, comment_tags=()
    )
    return {
        tuple(message) if isinstance(message, (list, tuple)) else message
        for _, _, message, *_ in (*pages, *told)
    }


def catalogs() -> dict[str, list[tuple[str | tuple[str, str], str | tuple[str, str]]]]:
    """File -> sentence and French."""
    folder = files("stagesync.web").joinpath("words/fr")
    found = {}
    for file in folder.iterdir():
        with file.open("rb") as lines:
            found[file.name] = [(m.id, m.string) for m in read_po(lines, locale="fr") if m.id]
    return found


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_sentence_is_said_in_french() -> None:
    """No page shows English to whoever reads French."""
    told = {
        m if isinstance(m, str) else tuple(m)
        for each in catalogs().values()
        for m, fr in each
        if fr
    }
    assert [] == sorted(map(str, said() - told))


def test_no_sentence_is_translated_that_nobody_says() -> None:
    """A sentence that went leaves its French behind nowhere."""
    # Words that stand for themselves are said by their name.
    spoken = said() | {"viewer", "editor", "approver", "admin"}
    told = {m if isinstance(m, str) else tuple(m) for each in catalogs().values() for m, _ in each}
    assert [] == sorted(map(str, told - spoken))


def test_french_holds_the_same_values() -> None:
    """What stands in braces in English stands in braces in French."""
    for name, each in catalogs().items():
        for english, french in each:
            one = english if isinstance(english, str) else english[1]
            for form in [french] if isinstance(french, str) else french:
                left = fields(one) - ({"n"} if isinstance(english, tuple) else set())
                assert left <= fields(form) <= fields(one), (name, english)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("fr-CH, fr;q=0.9, en;q=0.8", "fr"),
        ("de, en-GB", "en"),
        ("", "en"),
        ("it", "en"),
    ],
)
def test_the_browser_says_which_language(accepted: str, language: str) -> None:
    """The first of its languages that is spoken here."""
    assert language == best_language(accepted)


def test_a_sentence_without_french_stays_english() -> None:
    """A number chooses the form; values take their places."""
    assert ["Nom", "Remove x?", "Retirer x\u202f?", "2 things"] == [
        say("fr", "Name"),
        say("en", "Remove {name}?", name="x"),
        say("fr", "Remove {name}?", name="x"),
        say_many("fr", "{n} thing", "{n} things", 2),
    ]
