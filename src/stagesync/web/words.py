"""The console's two languages: sentences are written in English, and said in French by the catalogs of `words/fr`.

A sentence's values stand in braces, as `str.format` takes them, so that a translation may put them elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Literal

from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from stagesync.domain.said import Said

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")
NAMES = {"en": "English", "fr": "Français"}


def _(text: str) -> str:
    """Marks a sentence as one that is shown; it is said in the reader's language when the page is made."""
    return text


def say(language: Language, text: str, **values: object) -> str:
    """A sentence in a language."""
    said = _french()[0].get(text, text) if language == "fr" else text
    return said.format(**values) if values else said


def say_many(language: Language, one: str, many: str, n: int, **values: object) -> str:
    """A sentence whose wording depends on a number, which it may hold as `{n}`."""
    if language == "fr":
        forms = _french()[1].get(one)
        # French counts nothing as one thing.
        said = forms[0 if abs(n) < 2 else 1] if forms else (one if n == 1 else many)
    else:
        said = one if n == 1 else many
    return said.format(n=in_digits(language, n), **values)


def tell(language: Language, sentence: str) -> str:
    """What the engine says, in a language; a text that is no sentence of ours stays as it is."""
    if language == "en" or not isinstance(sentence, Said):
        return sentence
    return sentence.tell(lambda text: say(language, text), number=lambda n: in_digits(language, n))


def in_digits(language: Language, number: int) -> str:
    """A whole number as it is written there, its digits in groups."""
    return str(format_decimal(number, locale=language))


def best_language(accepted: str) -> Language:
    """The first language of an `Accept-Language` header that is spoken here; English failing that."""
    for part in accepted.split(","):
        code = part.split(";")[0].strip().lower().split("-")[0]
        if code in LANGUAGES:
            return code
    return "en"


def speaker(language: Language) -> tuple[Callable[..., str], Callable[..., str]]:
    """`say` and `say_many` in one language."""
    return (
        lambda text, **values: say(language, text, **values),
        lambda one, many, n, **values: say_many(language, one, many, n, **values),
    )


@cache
def _french() -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Sentence -> French; sentence for one -> French for one and for many."""
    plain: dict[str, str] = {}
    counted: dict[str, tuple[str, str]] = {}
    for file in sorted(files(__package__).joinpath("words/fr").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".po"):
            continue
        with file.open("rb") as lines:
            for message in read_po(lines, locale="fr"):
                if not message.id or not message.string:
                    continue
                if isinstance(message.id, tuple | list):
                    counted[message.id[0]] = (message.string[0], message.string[1])
                else:
                    plain[message.id] = str(message.string)
    return plain, counted
