"""An answer that neither grows nor goes on without end.

A timeout on a socket says how long it may be silent. A server that sends a byte now and then is never silent, and
one that never stops sending fills the memory; so an answer has a size, and a time for the whole of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Protocol

from stagesync.errors import AnswerUnreadable, Unavailable

LARGEST_ANSWER = 256 * 2**20
"""Bytes of a body, decompressed. The largest that a vendor documents is a page of a bulk job, a tenth of it."""

SILENCES = 10
"""An answer may take as long as so many of the silences that are allowed in it."""

RESTS_S = 120.0
"""A CRM that is as slow as that is not asked again at once, but by a later run."""

_PIECE = 2**16


class Body(Protocol):
    """The body of an answer as urllib3 reads it."""

    def read1(self, amt: int, decode_content: bool) -> bytes:  # noqa: FBT001  urllib3's signature
        """What has come so far, decompressed; empty at the end."""

    def close(self) -> None:
        """Hang up."""


def read_within(body: Body, *, silence_s: float, largest: int = LARGEST_ANSWER) -> Iterator[bytes]:
    """The pieces of a body, in order; the connection is closed where it does not end as it should.

    Args:
        silence_s: how long the answer may be silent; seconds.
        largest: bytes.

    Raises:
        Unavailable: it took too long.
        AnswerUnreadable: it is too large.
    """
    size, until_s = 0, time.monotonic() + SILENCES * silence_s
    while piece := body.read1(_PIECE, True):
        size += len(piece)
        if size > largest:
            body.close()
            raise AnswerUnreadable(f"an answer did not end after {largest} bytes")
        if time.monotonic() > until_s:
            body.close()
            raise Unavailable(
                f"an answer did not end within {SILENCES * silence_s:g} s", retry_after_s=RESTS_S
            )
        yield piece
