"""Connectors of the in-memory CRM that do not remember as they should."""

from __future__ import annotations

from stagesync.connector.memory import MemoryConnector


class LosesWhatItKept(MemoryConnector):
    """Keeps its count, and begins at nothing all the same."""

    def remember(self, recall, keep):
        super().remember(lambda: None, keep)


class KeepsNothing(MemoryConnector):
    """Takes what it is told, and keeps nothing of its own."""

    def remember(self, recall, keep):
        super().remember(recall, lambda _: None)


class TellsWhatItKeeps(MemoryConnector):
    """Logs the text that it keeps."""

    def remember(self, recall, keep):
        def telling(text):
            print("kept", text.reveal())  # noqa: T201  this is the mistake
            keep(text)

        super().remember(recall, telling)


CAUGHT_BY = {
    LosesWhatItKept: "test_next_life_knows_what_was_kept",
    KeepsNothing: "test_next_life_knows_what_was_kept",
    TellsWhatItKeeps: "test_what_is_kept_never_shows",
}
