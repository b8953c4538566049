"""What a mapping may do with a CRM value: a closed set of transforms.

A transform takes a filled value and returns ours; None means that it is known to say nothing.
A value that it cannot read is refused with `NotUnderstood`: it counts as missing and is listed as
unmapped, because nothing is guessed. Where a spelling has two readings, one is chosen here:

    number    one separator followed by groups of three digits groups thousands (`1,200` and `1.200`
              are 1200); otherwise the last separator is the decimal point (`1.200,50` is 1200.5);
              `10k`, `2,5 M€` and currency signs are read; a range is its lower bound (`50-200` is 50),
              which is what is sure; `50+` is 50
    instant   ISO 8601 with a zone, or epoch milliseconds; a date alone is its midnight UTC, so that
              nothing counts later than it may have happened by a day; an instant without zone is not read
    date      the same, cut to midnight UTC
    domain    of a web address or an e-mail, without `www.`; a free-mail provider's says nothing. A mapping
              makes of it the domain under which the company is registered, see `domain_of_company`
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from stagesync.domain.countries import country_of
from stagesync.domain.facts import Kind, Value
from stagesync.domain.free_mail import FREE_MAIL
from stagesync.domain.industries import SAYS_NOTHING, industry_of
from stagesync.domain.text import fold
from stagesync.domain.titles import function_of, seniority_of

_DAY_S = 86400.0
# Milliseconds since 1973: shorter runs of digits are years, dates or seconds, and are not read.
_EPOCH_MS = re.compile(r"[0-9]{12,15}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")

_BLANKS = re.compile("[\\s'_\N{RIGHT SINGLE QUOTATION MARK}]+")
_CURRENCIES = re.compile(r"[€$£]|eur|usd|gbp|chf|cad")
_HEADCOUNT = re.compile(
    r"(employees|employes|employee|salaries|personnes|people|staff|collaborateurs)$"
)
_RANGE = re.compile(r"(?P<low>[\d.,]+[km]?)(?:[-\u2013\u2014]|to|a|bis)[\d.,]+[km]?")
_NUMBER = re.compile(r"(?P<sign>-?)(?P<digits>\d[\d.,]*)(?P<unit>k|m|mio)?\+?")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:([.,])\d{3})(?:\1\d{3})*")
_UNITS = {None: 1.0, "k": 1e3, "m": 1e6, "mio": 1e6}
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9-]{2,63}")


class NotUnderstood(Exception):
    """A value that a transform cannot read."""


@dataclass(frozen=True, slots=True)
class Transform:
    """One way to read a CRM value.

    Attributes:
        kind: of the facts that it can fill.
        read: filled value -> ours, or None when it says nothing; raises NotUnderstood.
    """

    kind: Kind
    read: Callable[[Value], Value | None]


def as_text(value: Value) -> str:
    """A CRM value as its API spells it: `true`, `12.5`, trimmed text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def read_email(value: Value) -> str:
    """The address in lower case. No name server is asked: an address is an identity, not a promise."""
    found = _normal_email(as_text(value))
    if found is None:
        raise NotUnderstood
    return found


@lru_cache(maxsize=1 << 16)
def _normal_email(text: str) -> str | None:
    """Remembered, because one address is read for identity, facts and accounts, half a millisecond each."""
    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return None


def read_domain(value: Value) -> str | None:
    """The host of a web address or of an e-mail; None for a free-mail provider."""
    host = as_text(value).lower().rpartition("@")[2]
    host = (
        host.removeprefix("mailto:")
        .split("//")[-1]
        .split("/")[0]
        .split("?")[0]
        .split(":")[0]
        .strip(".")
    )
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise NotUnderstood from None
    host = host.removeprefix("www.")
    if not _HOST.fullmatch(host):
        raise NotUnderstood
    return None if host in FREE_MAIL else host


def domain_of_company(value: Value, company_of: Callable[[str], str | None]) -> str | None:
    """The domain under which the company of a web address or e-mail is registered.

    None for a free-mail provider, and for a name under which anybody may register one.
    """
    host = read_domain(value)
    found = company_of(host) if host else None
    return None if found in FREE_MAIL else found


def read_number(value: Value) -> float:
    """A finite number."""
    if isinstance(value, bool):
        raise NotUnderstood
    number = float(value) if isinstance(value, int | float) else _parse_number(value)
    if not math.isfinite(number):
        raise NotUnderstood
    return number


def _parse_number(text: str) -> float:
    bare = _HEADCOUNT.sub("", _CURRENCIES.sub("", fold_blanks(text)))
    span = _RANGE.fullmatch(bare)
    match = _NUMBER.fullmatch(span["low"] if span else bare)
    if match is None:
        raise NotUnderstood
    sign = -1.0 if match["sign"] else 1.0
    return sign * _parse_digits(match["digits"]) * _UNITS[match["unit"]]


def fold_blanks(text: str) -> str:
    """Lower case without any blank, nor the apostrophe that groups thousands in Switzerland."""
    return _BLANKS.sub("", text.lower().replace("é", "e").replace("à", "a"))


def _parse_digits(digits: str) -> float:
    if _GROUPED.fullmatch(digits):
        return float(digits.replace(".", "").replace(",", ""))
    point = max(digits.rfind("."), digits.rfind(","))
    if point < 0:
        return float(digits)
    whole, fraction = digits[:point], digits[point + 1 :]
    if not re.fullmatch(r"\d+|\d{1,3}(?:[.,]\d{3})+", whole) or digits[point] in whole:
        raise NotUnderstood
    return float(f"{whole.replace('.', '').replace(',', '')}.{fraction or '0'}")


def read_flag(value: Value) -> bool:
    """True or false; any other text than true, yes, false and no is not read."""
    found = {"true": True, "yes": True, "false": False, "no": False}.get(as_text(value).lower())
    if found is None:
        raise NotUnderstood
    return found


def read_instant(value: Value) -> float:
    """Unix seconds."""
    if isinstance(value, bool):
        raise NotUnderstood
    text = as_text(value)
    if _EPOCH_MS.fullmatch(text):
        return float(text) / 1000.0
    if _DAY.fullmatch(text):
        text += "T00:00:00Z"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise NotUnderstood from None
    if moment.tzinfo is None:
        raise NotUnderstood
    return moment.timestamp()


def read_date(value: Value) -> float:
    """Unix seconds of the day's midnight, UTC."""
    return math.floor(read_instant(value) / _DAY_S) * _DAY_S


def read_country(value: Value) -> str:
    """An ISO 3166 code of two letters."""
    found = country_of(as_text(value))
    if found is None:
        raise NotUnderstood
    return found


def read_industry(value: Value) -> str | None:
    """Our word for an industry; None for a choice that names none, such as `Other`."""
    text = as_text(value)
    found = industry_of(text)
    if found is None and fold(text) not in SAYS_NOTHING:
        raise NotUnderstood
    return found


TRANSFORMS: Mapping[str, Transform] = {
    "text": Transform(Kind.TEXT, as_text),
    "lower": Transform(Kind.TEXT, lambda value: as_text(value).lower()),
    "email": Transform(Kind.TEXT, read_email),
    "country_code": Transform(Kind.TEXT, read_country),
    "number": Transform(Kind.NUMBER, read_number),
    "flag": Transform(Kind.FLAG, read_flag),
    "instant": Transform(Kind.INSTANT, read_instant),
    "date": Transform(Kind.INSTANT, read_date),
    "seniority_from_title": Transform(Kind.TEXT, lambda value: seniority_of(as_text(value))),
    "function_from_title": Transform(Kind.TEXT, lambda value: function_of(as_text(value))),
    "industry": Transform(Kind.TEXT, read_industry),
    "domain": Transform(Kind.TEXT, read_domain),
}
