"""Text as every database holds it, and as it is compared: without case, accents or punctuation."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import combining, normalize

# Letters that carry a stroke or are joined: Unicode does not take them apart.
_WHOLE_LETTERS = str.maketrans(
    {
        "ø": "o",
        "œ": "oe",
        "æ": "ae",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    }
)
_ABBREVIATION = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.)+[^\W\d_]?(?![^\W_])")
_WORDS = re.compile(r"[^\W_]+")
_APOSTROPHES = str.maketrans(
    "", "", "'`\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}\N{ACUTE ACCENT}"
)


_STRANGE = re.compile("[\0\ud800-\udfff]")


def held(text: str) -> str:
    """Text as every database holds it: NUL, and half of a character, become the mark for what cannot be shown.

    They are not left out: what remained could be the address, or the option, of somebody else.
    """
    if "\0" not in text and text.isascii():
        return text
    return _STRANGE.sub("\N{REPLACEMENT CHARACTER}", text)


def plain(text: str) -> str:
    """Lower case without accents; punctuation and blanks stay."""
    letters = normalize("NFKD", text.casefold().translate(_WHOLE_LETTERS))
    return "".join(letter for letter in letters if not combining(letter))


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Words without case, accents or punctuation, one blank between: `V.P. Ventes` is `vp ventes`."""
    joined = _ABBREVIATION.sub(lambda found: found[0].replace(".", ""), plain(text))
    return " ".join(_WORDS.findall(joined))


def fold_name(text: str) -> str:
    """A person's name for comparison: `O'Neill` is `oneill`, `Jean-Pierre` is `jean pierre`."""
    return fold(text.translate(_APOSTROPHES))
