"""Sentences that people read in their own language: a template and what stands in it.

    Said("{field} is gone from the CRM", field="contact.title")

It is an English text like any other, to print, to compare and to search; whoever speaks another language
renders the template of that language, found by the English one, with the same values.
A template is written where it is used, as a plain literal: that is how the catalogs find it.
A number is given as one, and each language groups its digits in its own way; an id is given as text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Self, TypeAlias

Part: TypeAlias = "str | int | Sequence[str]"
"""What stands in a sentence: a name, a number, another sentence, or several of them."""


def english_number(number: int) -> str:
    """Its digits in groups of three."""
    return f"{number:,}"


class Said(str):
    """An English sentence that knows how it was made.

    Attributes:
        template: with a name in braces for each value.
        values: what stands there.
    """

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, Part]

    def __new__(cls, template: str, /, **values: Part) -> Self:
        """The sentence in English."""
        made = super().__new__(cls, _fill(template, values, _as_it_is, english_number))
        made.template, made.values = template, values
        return made

    def __reduce__(self) -> tuple[object, ...]:
        """Copied as it was made: a value may hold braces of its own."""
        return _made_again, (self.template, dict(self.values))

    def tell(
        self, translate: Callable[[str], str], *, number: Callable[[int], str] = english_number
    ) -> str:
        """The sentence in another language.

        Args:
            translate: English template -> the same in that language; the English one where it has none.
            number: how that language writes a whole number.
        """
        return _fill(self.template, self.values, translate, number)


def _made_again(template: str, values: Mapping[str, Part]) -> Said:
    return Said(template, **values)


def together(sentences: Sequence[str]) -> str:
    """Several sentences as one."""
    return reduce(lambda one, other: Said("{one}; {other}", one=one, other=other), sentences)


def template(text: str) -> str:
    """The text, marked as a template that is put to use elsewhere."""
    return text


def _as_it_is(text: str) -> str:
    return text


def _fill(
    template: str,
    values: Mapping[str, Part],
    translate: Callable[[str], str],
    number: Callable[[int], str],
) -> str:
    def told(part: Part) -> str:
        if isinstance(part, Said):
            return part.tell(translate, number=number)
        if isinstance(part, str):
            return part
        if isinstance(part, int):
            return number(part)
        return ", ".join(told(each) for each in part)

    return translate(template).format(**{name: told(part) for name, part in values.items()})
