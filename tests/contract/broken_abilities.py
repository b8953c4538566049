"""Connectors of the in-memory CRM that clear fields and tell histories, each with one mistake."""

from __future__ import annotations

from dataclasses import replace

from stagesync.connector import Actor, Refusal, RequestRefused, WriteResult
from stagesync.connector.memory import MemoryConnector


class NeverClears(MemoryConnector):
    """Says that it clears a field on the way, and does not."""

    def write(self, writes):
        results = super().write([replace(each, clear=()) for each in writes])
        return [replace(each, write=one) for each, one in zip(results, writes, strict=True)]


class ClearsEverybody(MemoryConnector):
    """Clears a field of all records of a call because one of them asks for it."""

    def write(self, writes):
        asked = tuple(dict.fromkeys(name for each in writes for name in each.clear))
        results = super().write([replace(each, clear=asked) for each in writes])
        return [replace(each, write=one) for each, one in zip(results, writes, strict=True)]


class ForgetsToSet(MemoryConnector):
    """Leaves the value to the next run once the field is empty."""

    def write(self, writes):
        return [
            replace(result, write=each)
            for each in writes
            for result in super(ForgetsToSet, self).write(
                [replace(each, values=each.values | dict.fromkeys(each.clear), clear=())]
            )
        ]


class HidesTheEmptyField(MemoryConnector):
    """Says nothing of the field that it emptied when the value was refused then."""

    def write(self, writes):
        return [replace(each, now={}) for each in super().write(writes)]


class SetsOnlyWhatItCleared(MemoryConnector):
    """Takes a field that is empty already for one that was refused."""

    def write(self, writes):
        empty = [
            WriteResult(each, Refusal.NOT_FORWARD)
            for each in writes
            if any(self._crm.rows[each.object, each.id].fields[name] is None for name in each.clear)
        ]
        return empty or super().write(writes)


class ClearsTheGone(MemoryConnector):
    """Breaks off at a record that cannot be cleared."""

    def _clear(self, batch):
        for each in batch:
            if each.clear and self._crm.rows[each.object, each.id].gone:
                raise RequestRefused("it cannot be cleared")
        return super()._clear(batch)


class TakesOursForPeoples(MemoryConnector):
    """Does not know its own changes again."""

    def history(self, object_name, ids, fields):
        return {
            each: {
                name: tuple(replace(one, actor=Actor.PERSON) for one in changes)
                for name, changes in told.items()
            }
            for each, told in super().history(object_name, ids, fields).items()
        }


class TellsTheOldestFirst(MemoryConnector):
    """Gives histories in the order in which they happened."""

    def history(self, object_name, ids, fields):
        return {
            each: {name: changes[::-1] for name, changes in told.items()}
            for each, told in super().history(object_name, ids, fields).items()
        }


class DatesByReading(MemoryConnector):
    """Takes the time of reading for the time of change."""

    def history(self, object_name, ids, fields):
        now_s = self._crm.clock.now_s()
        return {
            each: {
                name: tuple(replace(one, at_s=now_s) for one in changes)
                for name, changes in told.items()
            }
            for each, told in super().history(object_name, ids, fields).items()
        }


class RemembersTheGone(MemoryConnector):
    """Tells an empty history of what is not there."""

    def history(self, object_name, ids, fields):
        return {each: {} for each in ids} | super().history(object_name, ids, fields)


class TellsEverybodysHistory(MemoryConnector):
    """Takes no ids for all of them."""

    def history(self, object_name, ids, fields):
        asked = ids or [each for name, each in self._crm.rows if name == object_name]
        return super().history(object_name, asked, fields)


CAUGHT_ABILITIES = {
    NeverClears: "test_cleared_field_goes_back",
    ClearsEverybody: "test_only_the_cleared_go_back",
    ForgetsToSet: "test_cleared_field_goes_back",
    HidesTheEmptyField: "test_refusal_after_the_clear_says_what_stands",
    SetsOnlyWhatItCleared: "test_cleared_field_is_set_when_sent_again",
    ClearsTheGone: "test_gone_record_is_not_cleared",
    TakesOursForPeoples: "test_history_tells_who_set_a_value",
    TellsTheOldestFirst: "test_history_tells_who_set_a_value",
    DatesByReading: "test_history_is_dated",
    RemembersTheGone: "test_history_leaves_out_the_gone",
    TellsEverybodysHistory: "test_history_of_nothing",
}
