"""What the REST API says when it refuses: one problem of a record, or a whole request.

A request-level answer names its code ``errorCode``, a record-level result ``statusCode``; both come
from the same ``Problem``.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes (seen 2026-11)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason for a refusal: a code, the vendor's sentence, the fields it is about."""

    code: str
    message: str
    fields: tuple[str, ...] = ()
    extra: tuple[tuple[str, Any], ...] = ()

    def as_request_error(self, *, with_fields: bool) -> dict[str, Any]:
        body: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if with_fields:
            body["fields"] = list(self.fields)
        return body | dict(self.extra)

    def as_row_error(self) -> dict[str, Any]:
        body = {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}
        return body | dict(self.extra)


class ApiError(Exception):
    """The whole request is refused with an HTTP status and a list of problems."""

    def __init__(
        self, status: int, problems: Sequence[Problem], *, with_fields: bool = False
    ) -> None:
        super().__init__(problems[0].message)
        self.status = status
        self.problems = tuple(problems)
        self.with_fields = with_fields

    def body(self) -> list[dict[str, Any]]:
        return [problem.as_request_error(with_fields=self.with_fields) for problem in self.problems]


class RowRefusedError(Exception):
    """One record of a write is refused; the others of the same request may go through."""

    def __init__(self, code: str, message: str, *fields: str, **extra: Any) -> None:
        super().__init__(message)
        self.problem = Problem(code, message, fields, tuple(extra.items()))

    def as_api_error(self) -> ApiError:
        """The answer a single-record endpoint gives for the same refusal."""
        return ApiError(_ROW_STATUS.get(self.problem.code, 400), [self.problem], with_fields=True)


_ROW_STATUS = {"ENTITY_IS_DELETED": 404, "INVALID_CROSS_REFERENCE_KEY": 404, "NOT_FOUND": 404}

_WSDL_HINT = "Please reference your WSDL or the describe call for the appropriate names."


def bad_request(code: str, message: str) -> ApiError:
    return ApiError(400, [Problem(code, message)])


def not_found(message: str = "The requested resource does not exist") -> ApiError:
    return ApiError(404, [Problem("NOT_FOUND", message)])


def forbidden(code: str, message: str) -> ApiError:
    return ApiError(403, [Problem(code, message)])


def method_not_allowed(method: str, allowed: str) -> ApiError:
    sentence = f"HTTP Method '{method}' not allowed. Allowed are {allowed}"
    return ApiError(405, [Problem("METHOD_NOT_ALLOWED", sentence)])


def invalid_session() -> ApiError:
    return ApiError(401, [Problem("INVALID_SESSION_ID", "Session expired or invalid")])


def invalid_type(name: str) -> ApiError:
    sentence = (
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, "
        f"be sure to append the '__c' after the entity name. {_WSDL_HINT}"
    )
    return bad_request("INVALID_TYPE", sentence)


def no_such_column(field: str, entity: str) -> str:
    """The sentence about an unknown or hidden field in a query."""
    return (
        f"No such column '{field}' on entity '{entity}'. If you are attempting to use a custom "
        f"field, be sure to append the '__c' after the custom field name. {_WSDL_HINT}"
    )


def no_such_relationship(name: str) -> str:
    return (
        f"Didn't understand relationship '{name}' in field path. If you are attempting to use a "
        "custom relationship, be sure to append the '__r' after the custom relationship name. "
        f"{_WSDL_HINT}"
    )
