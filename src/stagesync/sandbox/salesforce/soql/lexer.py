"""Cuts a query into tokens, each with its place, and words the errors that point at one."""

import re
from dataclasses import dataclass

from stagesync.sandbox.salesforce.errors import ApiError, bad_request

_TOKEN = re.compile(
    r"""(?P<blank>\s+)
      | (?P<string>'(?:[^'\\]|\\.)*')
      | (?P<datetime>\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)
      | (?P<date>\d{4}-\d{2}-\d{2})
      | (?P<number>[+-]?\d+(?:\.\d+)?)
      | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
      | (?P<symbol>!=|<>|<=|>=|[=<>(),:])""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_CONTEXT = 30


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the query. `text` is as written, `at` counts characters from zero."""

    kind: str
    text: str
    at: int

    def is_word(self, *words: str) -> bool:
        return self.kind == "name" and self.text.upper() in words

    def is_symbol(self, *symbols: str) -> bool:
        return self.kind == "symbol" and self.text in symbols


def cut(query: str) -> list[Token]:
    """All tokens, the last of kind `end`."""
    tokens: list[Token] = []
    at = 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None:
            raise malformed(query, at, message=f"unexpected token: '{query[at]}'")
        kind = str(match.lastgroup)
        if kind != "blank":
            tokens.append(Token(kind, match.group(), at))
        at = match.end()
    tokens.append(Token("end", "<EOF>", len(query)))
    return tokens


def unquote(query: str, token: Token, *, like: bool = False) -> str:
    """The value of a string literal.

    In a LIKE pattern ``\\%`` and ``\\_`` stay escaped, so that the pattern knows them from wildcards.
    """

    def replace(match: re.Match[str]) -> str:
        body = match[1]
        if len(body) == 5:  # uXXXX
            return chr(int(body[1:], 16))
        if body in _ESCAPES:
            return _ESCAPES[body]
        if like and body in "%_":
            return "\\" + body
        sentence = f"Illegal string literal: Invalid string literal '{token.text[1:-1]}'."
        raise malformed(
            query, token.at, message=f"{sentence} Illegal character sequence '\\{body}'"
        )

    return _ESCAPE.sub(replace, token.text[1:-1])


def unexpected(query: str, token: Token) -> ApiError:
    name = "<EOF>" if token.kind == "end" else f"'{token.text}'"
    return malformed(query, token.at, message=f"unexpected token: {name}")


def malformed(query: str, at: int, *, message: str) -> ApiError:
    return bad_request("MALFORMED_QUERY", pointed(query, at, message=message))


def pointed(query: str, at: int, *, message: str) -> str:
    """The message with the stretch of the query it is about and a mark below the place."""
    start = max(0, at - _CONTEXT)
    shown = query[start : at + _CONTEXT].replace("\n", " ")
    row = query.count("\n", 0, at) + 1
    column = at - (query.rfind("\n", 0, at) + 1) + 1
    mark = " " * (at - start) + "^"
    return f"\n{shown}\n{mark}\nERROR at Row:{row}:Column:{column}\n{message}"
