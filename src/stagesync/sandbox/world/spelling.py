"""The many ways in which the same name, address, number or country gets typed."""

import re
from functools import lru_cache
from random import Random
from unicodedata import combining, normalize

from stagesync.sandbox.world.names import NICKNAMES
from stagesync.sandbox.world.places import Country
from stagesync.sandbox.world.trades import BLANKS

_NOT_MAIL = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=4096)
def without_accents(text: str) -> str:
    return "".join(char for char in normalize("NFKD", text) if not combining(char))


@lru_cache(maxsize=8192)
def mail_word(text: str) -> str:
    """A name as it stands in addresses and domains: lower-case letters, digits, hyphens inside."""
    return _NOT_MAIL.sub("-", without_accents(text).lower().replace("'", "")).strip("-")


def address_of(rng: Random, *, first: str, last: str, domain: str) -> str:
    given, family = mail_word(first), mail_word(last).replace("-", "")
    way = rng.random()
    if way < 0.6:
        return f"{given}.{family}@{domain}"
    if way < 0.85:
        return f"{given[0]}{family}@{domain}"
    return f"{given.replace('-', '')}@{domain}"


def careless_email(rng: Random, email: str) -> str:
    """The address as someone at Salesforce typed it: about a third in capitals or with blanks."""
    if not email:
        return rng.choice(("", "", "n/a@n/a", "-"))
    way = rng.random()
    if way < 0.1:
        return email.upper()
    if way < 0.2:
        local, domain = email.split("@")
        return f"{'.'.join(part.capitalize() for part in local.split('.'))}@{domain}"
    if way < 0.26:
        return f" {email} "
    if way < 0.3:
        return f"{email.capitalize()}  "
    return email


def careless_first(rng: Random, first: str) -> str:
    way = rng.random()
    if way < 0.2:
        return without_accents(first)
    if way < 0.35:
        return NICKNAMES.get(first, first)
    if way < 0.42:
        return first.upper()
    if way < 0.46:
        return f"{first} "
    if way < 0.5:
        return first.replace("-", " ")
    return first


def careless_last(rng: Random, last: str) -> str:
    way = rng.random()
    if way < 0.2:
        return without_accents(last)
    if way < 0.38:
        return last.upper()
    if way < 0.42:
        return f"{last} "
    if way < 0.46:
        return last.lower()
    return last


def careless_firm(rng: Random, name: str, *, legal_form: str) -> str:
    """The firm's name with or without its legal form, in one case or another."""
    way = rng.random()
    if way < 0.45:
        return f"{name} {legal_form}"
    if way < 0.55:
        return f"{name} {legal_form}".upper()
    if way < 0.62:
        return without_accents(name)
    if way < 0.66:
        return f"{name}  "
    return name


def country_name(rng: Random, country: Country) -> str:
    way = rng.random()
    if way < 0.06:
        return ""
    if way < 0.08:
        return rng.choice(BLANKS)
    return country.spellings[0] if way < 0.45 else rng.choice(country.spellings)


def phone_number(rng: Random, country: Country) -> str:
    """A full number in the bare international form: +, calling code, national number."""
    code, _, free, digits = country.phone
    return f"+{code}{free}{rng.randrange(10**digits):0{digits}d}"


def careless_phone(rng: Random, phone: str, *, country: Country) -> str:
    """The same number as people write it, some by habit of their country."""
    if not phone:
        return rng.choice(("", "", "", "N/A"))
    code, trunk, _, _ = country.phone
    rest = phone[1 + len(code) :]
    way = rng.random()
    if way < 0.3:
        return phone
    pairs = " ".join(re.findall(r"..?", rest))
    if way < 0.5:
        return f"+{code} {pairs}"
    if way < 0.7:
        return f"{trunk}{rest}"
    if way < 0.85:
        return f"00{code}{rest}"
    return f"+{code} ({trunk or '0'}) {pairs.replace(' ', '.')}"


def maybe_blank(rng: Random, text: str, *, chance: float) -> str:
    """The text, or with this chance what people type to get past a field."""
    return rng.choice(BLANKS) if rng.random() < chance else text
