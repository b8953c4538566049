"""Reads a query into a tree.

As in Salesforce, AND and OR may not stand side by side without parentheses: the first one decides
what may follow on that level.
"""

from typing import Any, Literal

from stagesync.sandbox.salesforce.errors import bad_request
from stagesync.sandbox.salesforce.soql.lexer import Token, cut, malformed, unexpected, unquote
from stagesync.sandbox.salesforce.soql.tree import (
    Aggregate,
    Compare,
    Condition,
    Group,
    Literals,
    Not,
    Order,
    Path,
    Query,
    SemiJoin,
)

LONGEST_QUERY = 100_000
LONGEST_STRING = 4_000
LARGEST_OFFSET = 2_000
_FUNCTIONS = ("COUNT", "COUNT_DISTINCT", "MIN", "MAX")
_RESERVED = ("FROM", "WHERE", "ORDER", "GROUP", "LIMIT", "OFFSET", "AND", "OR", "SELECT")
_OPERATORS = ("=", "!=", "<>", "<", "<=", ">", ">=")


def parse(text: str) -> Query:
    """The tree of a query.

    Raises:
        ApiError: MALFORMED_QUERY or NUMBER_OUTSIDE_VALID_RANGE, as the API words them.
    """
    if len(text) > LONGEST_QUERY:
        raise bad_request(
            "MALFORMED_QUERY", "SOQL statements cannot be longer than 100000 characters."
        )
    return _Parser(text).whole()


class _Parser:
    """Recursive descent over the tokens of one query."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = cut(text)
        self.place = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.place]

    def step(self) -> Token:
        token = self.token
        self.place += 1
        return token

    def take_word(self, *words: str) -> bool:
        found = self.token.is_word(*words)
        self.place += found
        return found

    def take_symbol(self, *symbols: str) -> bool:
        found = self.token.is_symbol(*symbols)
        self.place += found
        return found

    def want_word(self, word: str) -> None:
        if not self.take_word(word):
            raise unexpected(self.text, self.token)

    def want_symbol(self, symbol: str) -> None:
        if not self.take_symbol(symbol):
            raise unexpected(self.text, self.token)

    def name(self) -> Token:
        if self.token.kind != "name" or self.token.is_word(*_RESERVED):
            raise unexpected(self.text, self.token)
        return self.step()

    def path(self) -> Path:
        token = self.name()
        return Path(token.text, token.at)

    def whole(self) -> Query:
        query = self.query()
        if self.token.kind != "end":
            raise unexpected(self.text, self.token)
        return query

    def query(self) -> Query:
        self.want_word("SELECT")
        children: list[Query] = []
        fields, aggregates, count_all = self.selected(children)
        self.want_word("FROM")
        entity = self.name()
        where = self.condition() if self.take_word("WHERE") else None
        group_by = self.grouped()
        order_by = self.ordered()
        limit = self.whole_number() if self.take_word("LIMIT") else None
        offset = self.offset() if self.take_word("OFFSET") else 0
        return Query(
            text=self.text,
            entity=entity.text,
            entity_at=entity.at,
            fields=tuple(fields),
            aggregates=tuple(aggregates),
            count_all=count_all,
            where=where,
            group_by=group_by,
            order_by=order_by,
            limit=limit,
            offset=offset,
            children=tuple(children),
        )

    def selected(self, children: list[Query]) -> tuple[list[Path], list[Aggregate], bool]:
        """What stands before FROM; subqueries are put into `children`."""
        fields: list[Path] = []
        aggregates: list[Aggregate] = []
        while True:
            if self.take_symbol("("):
                children.append(self.query())
                self.want_symbol(")")
                if not self.take_symbol(","):
                    return fields, aggregates, False
                continue
            token = self.name()
            if not self.token.is_symbol("("):
                fields.append(Path(token.text, token.at))
            elif token.is_word("FIELDS"):
                fields.append(self.field_set(token))
            elif self.count_of_all(token):
                return [], [], True
            else:
                aggregates.append(self.aggregate(token))
            if not self.take_symbol(","):
                return fields, aggregates, False

    def field_set(self, token: Token) -> Path:
        self.want_symbol("(")
        which = self.name()
        self.want_symbol(")")
        if not which.is_word("ALL", "STANDARD", "CUSTOM"):
            raise unexpected(self.text, which)
        return Path(f"FIELDS({which.text.upper()})", token.at)

    def count_of_all(self, token: Token) -> bool:
        after = self.tokens[self.place + 1]
        if not (token.is_word("COUNT") and after.is_symbol(")")):
            return False
        self.place += 2
        return True

    def aggregate(self, token: Token) -> Aggregate:
        if not token.is_word(*_FUNCTIONS):
            raise malformed(self.text, token.at, message=f"unexpected token: '{token.text}'")
        self.want_symbol("(")
        path = self.path()
        self.want_symbol(")")
        named = self.token.kind == "name" and not self.token.is_word(*_RESERVED)
        return Aggregate(token.text.upper(), path, self.step().text if named else None)

    def condition(self) -> Condition:
        parts = [self.unit()]
        if not self.token.is_word("AND", "OR"):
            return parts[0]
        joint: Literal["AND", "OR"] = "AND" if self.token.is_word("AND") else "OR"
        while self.take_word(joint):
            parts.append(self.unit())
        if self.token.is_word("AND", "OR"):
            raise unexpected(self.text, self.token)
        return Group(joint, tuple(parts))

    def unit(self) -> Condition:
        if self.take_word("NOT"):
            return Not(self.unit())
        if self.take_symbol("("):
            inner = self.condition()
            self.want_symbol(")")
            return inner
        return self.comparison()

    def comparison(self) -> Condition:
        path = self.path()
        if self.token.is_symbol(*_OPERATORS):
            operator = self.step().text
            literals = Literals((self.literal(),), path.at)
            return Compare(path, "!=" if operator == "<>" else operator, literals)
        if self.take_word("LIKE"):
            return Compare(path, "LIKE", Literals((self.literal(like=True),), path.at))
        negated = self.take_word("NOT")
        self.want_word("IN")
        self.want_symbol("(")
        if self.token.is_word("SELECT"):
            inner = self.query()
            self.want_symbol(")")
            return SemiJoin(path, negated, inner)
        return Compare(path, "NOT IN" if negated else "IN", self.literal_list(path))

    def literal_list(self, path: Path) -> Literals:
        values = [self.literal()]
        while self.take_symbol(","):
            values.append(self.literal())
        self.want_symbol(")")
        return Literals(tuple(values), path.at)

    def literal(self, *, like: bool = False) -> tuple[str, Any]:
        token = self.step()
        if token.kind == "string":
            value = unquote(self.text, token, like=like)
            if len(value) > LONGEST_STRING:
                raise malformed(self.text, token.at, message="string literal too long")
            return "string", value
        if token.kind == "number":
            return "number", float(token.text)
        if token.kind in {"datetime", "date"}:
            return token.kind, token.text
        if token.is_word("TRUE", "FALSE"):
            return "boolean", token.is_word("TRUE")
        if token.is_word("NULL"):
            return "null", None
        raise unexpected(self.text, token)

    def grouped(self) -> tuple[Path, ...]:
        if not self.take_word("GROUP"):
            return ()
        self.want_word("BY")
        paths = [self.path()]
        while self.take_symbol(","):
            paths.append(self.path())
        return tuple(paths)

    def ordered(self) -> tuple[Order, ...]:
        if not self.take_word("ORDER"):
            return ()
        self.want_word("BY")
        orders = [self.order()]
        while self.take_symbol(","):
            orders.append(self.order())
        return tuple(orders)

    def order(self) -> Order:
        path = self.path()
        descending = self.take_word("DESC")
        if not descending:
            self.take_word("ASC")
        nulls_last = False
        if self.take_word("NULLS"):
            nulls_last = self.take_word("LAST")
            if not nulls_last:
                self.want_word("FIRST")
        return Order(path, descending, nulls_last)

    def whole_number(self) -> int:
        token = self.step()
        if token.kind != "number" or not token.text.isdigit():
            raise unexpected(self.text, token)
        return int(token.text)

    def offset(self) -> int:
        value = self.whole_number()
        if value > LARGEST_OFFSET:
            sentence = f"Maximum SOQL offset allowed is {LARGEST_OFFSET}"
            raise bad_request("NUMBER_OUTSIDE_VALID_RANGE", sentence)
        return value
