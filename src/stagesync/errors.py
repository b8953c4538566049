"""Everything stagesync raises on purpose, in one tree.

    StagesyncError                 exit 1
      DefinitionError              exit 2   policy, vocabulary, mapping or settings files: all problems at once
      ArgumentError                exit 2   a value given on the command line
      HeldError                    exit 3   a plan waits for approval, nothing was written
      CrmError                     exit 4   one CRM account could not be worked with; the others go on
        CredentialsRefused                  the CRM does not accept who we are: permanent
        PermissionMissing                   it knows us and forbids this: permanent until an admin acts
        FieldMissing                        a mapped field does not exist there
        Throttled                           too fast or too much; says when to come back
        QuotaExhausted                      the day's calls are used up; says when they return
        Unavailable                         it cannot be reached or answers with a fault: retried
        AnswerUnreadable                    it answered something that is not what it documents
        RequestRefused                      it refused a whole request for a reason that retrying cannot mend
        Stopped                             stagesync was told to stop while it waited
        OptionsRefused                      the options of a connection are not usable (exit 2)
      StoreError                   exit 5
        StoreTooNew                         made by a later stagesync
        LeaseHeld                           another pass works on it
        LeaseLost                           another process took over what this one was doing

A message says what happened to which thing, `hint` says what to do next.
Neither ever holds personal data or a secret: ids only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file that people edit.

    Attributes:
        file: path as given by the caller.
        line: starts at 1; 0 when the file as a whole is meant.
        path: dotted place inside the file, such as `axes.fit.inside`; empty for the whole.
        message: what is wrong, with the known values where there is a list of them.
    """

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        """`file:line: path: message`, the form that editors jump to."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class StagesyncError(Exception):
    """Something went wrong in stagesync."""

    exit_code = 1

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").splitlines()[0])
        self.hint = hint


class DefinitionError(StagesyncError):
    """The definitions are not usable."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem], *, hint: str | None = None) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems), hint=hint)


class ArgumentError(StagesyncError):
    """An argument is not usable."""

    exit_code = 2


class HeldError(StagesyncError):
    """A plan is held; nothing was written."""

    exit_code = 3


class CrmError(StagesyncError):
    """A connection failed.

    Attributes:
        connection: the configured name of the CRM account; filled by the engine when empty.
        retry_after_s: seconds after which the same request may succeed; None means that
            retrying cannot help.
        results: for a write that broke off, the results that came before; else empty.
        resumes_at: the instant from which on it may be tried again, as ISO text, where that is
            long; filled by the engine.
    """

    exit_code = 4

    def __init__(
        self,
        message: str | None = None,
        *,
        hint: str | None = None,
        connection: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.connection = connection
        self.retry_after_s = retry_after_s
        self.results: Sequence[object] = ()
        self.resumes_at = ""

    def __str__(self) -> str:
        """The message, and when an incomplete run goes on."""
        words = super().__str__()
        return f"{words}; incomplete, resumes at {self.resumes_at}" if self.resumes_at else words


class CredentialsRefused(CrmError):
    """The CRM refuses the credentials."""


class PermissionMissing(CrmError):
    """The CRM forbids a call to these credentials."""


class FieldMissing(CrmError):
    """A mapped field does not exist in the CRM."""


class Throttled(CrmError):
    """The CRM asks to slow down."""


class QuotaExhausted(CrmError):
    """The day's calls to the CRM are used up."""


class Unavailable(CrmError):
    """The CRM cannot be reached or answers with a fault."""


class AnswerUnreadable(CrmError):
    """The CRM answered something that is not what it documents."""


class RequestRefused(CrmError):
    """The CRM refused a whole request.

    Attributes:
        code: the vendor's own code, such as `VALIDATION_ERROR`; empty when it gave none.
    """

    def __init__(
        self, message: str | None = None, *, code: str = "", hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code


class Stopped(CrmError):
    """stagesync was told to stop; the rest waits for the next run."""


class OptionsRefused(CrmError):
    """The options of a connection are not usable.

    Attributes:
        problems: (dotted key, what is wrong).
    """

    exit_code = 2

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{key}: {text}" for key, text in self.problems))


class StoreError(StagesyncError):
    """The store cannot be used."""

    exit_code = 5


class StoreTooNew(StoreError):
    """The store was made by a later version of stagesync."""


class LeaseHeld(StoreError):
    """Another pass works on the store."""


class LeaseLost(StoreError):
    """Another process took over what this one was doing; nothing that it did since is kept."""
