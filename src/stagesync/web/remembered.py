"""What takes long to find out about definitions and stays true as long as they do."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from stagesync.engine.definition_files import digest_of_texts
from stagesync.engine.deployment import Deployment

T = TypeVar("T")

MOST = 200
"""Answers of all definitions together."""

_known: OrderedDict[tuple[str, str, str], Any] = OrderedDict()
_turn = threading.Lock()


def remembered(deployment: Deployment, what: str, find: Callable[[], T]) -> T:
    """The answer to a question about these definitions, found once.

    Args:
        what: names the question.
    """
    key = (
        deployment.main_vocabulary,
        deployment.definitions or digest_of_texts(deployment.texts),
        what,
    )
    with _turn:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]  # type: ignore[no-any-return]  # it was put there under the same question
        found = find()
        _known[key] = found
        while len(_known) > MOST:
            _known.popitem(last=False)
    return found
