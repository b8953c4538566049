"""Connectors of the in-memory CRM, each with one mistake that a connector's author may make."""

from __future__ import annotations

from dataclasses import replace

import orjson

from stagesync.connector import (
    Capabilities,
    FieldDescription,
    Named,
    Refusal,
    RequestRefused,
    WriteResult,
)
from stagesync.connector.memory import MemoryConnector

from .broken_abilities import CAUGHT_ABILITIES


class DropsTheLastPage(MemoryConnector):
    """Stops when the vendor says that a page is the last one, before handing it out."""

    def pull(self, wanted):
        for each in wanted:
            pages = list(super().pull([each]))
            kept = pages[:-1] or pages
            yield from kept[:-1]
            yield replace(kept[-1], last=True)


class NeverSaysLast(MemoryConnector):
    """Leaves it to the caller to guess that nothing follows."""

    def pull(self, wanted):
        for page in super().pull(wanted):
            yield replace(page, last=False)


class SaysNothingWhenIdle(MemoryConnector):
    """Hands out no page at all when nothing is newer than the cursor."""

    def pull(self, wanted):
        for each in wanted:
            since_s = float(each.cursor or 0)
            for page in super().pull([each]):
                if any(record.changed_at_s > since_s for record in page.records):
                    yield page


class StrictCursor(MemoryConnector):
    """Goes on behind the last stamp, and so skips what shares it."""

    def _changed_since(self, wanted):
        since_s = float(wanted.cursor or 0)
        return [each for each in super()._changed_since(wanted) if each[1].changed_at_s > since_s]


class PromisesTheEnd(MemoryConnector):
    """Gives every page the cursor of the last one."""

    def pull(self, wanted):
        for each in wanted:
            pages = list(super().pull([each]))
            yield from (replace(page, cursor=pages[-1].cursor) for page in pages)


class KeepsItsCursorsToItself(MemoryConnector):
    """Cursors are names of places that this process remembers; of others it takes the end."""

    def pull(self, wanted):
        known = self.__dict__.setdefault("known", {None: None})
        for page in super().pull(
            [replace(each, cursor=known.get(each.cursor, "2000000000")) for each in wanted]
        ):
            name = f"place {len(known)}"
            known[name] = page.cursor
            yield replace(page, cursor=name)


class BookmarksTheEnd(MemoryConnector):
    """Takes the moment at which a pull ended for the one up to which it is complete."""

    def pull(self, wanted):
        for page in super().pull(wanted):
            now = repr(self._crm.clock.now_s())
            yield replace(page, cursor=now) if page.last else page


class StartsAPullAnew(MemoryConnector):
    """Goes on from the end of a pull, but begins again one that was broken off."""

    def pull(self, wanted):
        for page in super().pull(wanted):
            yield page if page.last else replace(page, cursor=wanted[0].cursor or "0")


class StartsAnew(MemoryConnector):
    """Does not look at the cursor."""

    def pull(self, wanted):
        return super().pull([replace(each, cursor=None) for each in wanted])


class ForgetsTheDeleted(MemoryConnector):
    """Says that it tells deletes, and leaves the deleted out."""

    def _changed_since(self, wanted):
        return [each for each in super()._changed_since(wanted) if not each[1].gone]


class ForgetsMerges(MemoryConnector):
    """Says that it tells merges, and tells mere deletes."""

    def _record(self, wanted, record_id, row):
        return replace(super()._record(wanted, record_id, row), merged_into="")


class ForgetsLinks(MemoryConnector):
    """Says that no record names another."""

    def _record(self, wanted, record_id, row):
        return replace(super()._record(wanted, record_id, row), links={})


class LeavesOutEmptyFields(MemoryConnector):
    """Hands out only what the vendor sent, and the vendor sends no empty fields."""

    def _record(self, wanted, record_id, row):
        found = super()._record(wanted, record_id, row)
        filled = {name: value for name, value in found.fields.items() if value is not None}
        return replace(found, fields=filled)


class LosesTheZone(MemoryConnector):
    """Hands out instants as local time."""

    def _record(self, wanted, record_id, row):
        found = super()._record(wanted, record_id, row)
        fields = {
            name: value[:19] if name.endswith("_at") and value else value
            for name, value in found.fields.items()
        }
        return replace(found, fields=fields)


class StampsNothing(MemoryConnector):
    """Knows no time of change."""

    def _record(self, wanted, record_id, row):
        return replace(super()._record(wanted, record_id, row), changed_at_s=0.0)


class IgnoresUnknownFields(MemoryConnector):
    """Takes an unknown field for an empty one."""

    def _demand(self, object_name, fields):
        """Nothing is demanded."""


class ReadsWhatItRemembers(MemoryConnector):
    """Answers a read from the last pull."""

    def _record(self, wanted, record_id, row):
        now = super()._record(wanted, record_id, row)
        known = self.__dict__.setdefault("known", {}).setdefault(record_id, now)
        return replace(now, fields={name: known.fields.get(name) for name in wanted.fields})


class LosesTheOrder(MemoryConnector):
    """Gives results in the order in which the answers came."""

    def write(self, writes):
        return super().write(writes)[::-1]


class SaysWrittenWhenRefused(MemoryConnector):
    """Believes a 200."""

    def write(self, writes):
        return [WriteResult(each.write) for each in super().write(writes)]


class BelievesSilence(MemoryConnector):
    """Does not compare what the vendor kept with what was asked."""

    def write(self, writes):
        return [
            WriteResult(each.write) if each.refusal is Refusal.NOT_FORWARD else each
            for each in super().write(writes)
        ]


class RefusesTheWholeBatch(MemoryConnector):
    """Blames everybody in a batch for one bad value."""

    def write(self, writes):
        results = super().write(writes)
        worst = next((each for each in results if each.refusal is Refusal.INVALID), None)
        return [replace(worst, write=each.write) if worst else each for each in results]


class BlamesTheFieldAlone(MemoryConnector):
    """Names the bad field although the whole record was refused."""

    def write(self, writes):
        return [
            replace(each, fields=(each.message,)) if each.code == "INVALID_OPTION" else each
            for each in super().write(writes)
        ]


class RaisesForOneRecord(MemoryConnector):
    """Gives the batch up for one record that is gone."""

    def write(self, writes):
        results = super().write(writes)
        if any(each.refusal is Refusal.GONE for each in results):
            raise RequestRefused("a record is gone")
        return results


class TakesARecordTwice(MemoryConnector):
    """Lets the last of two writes of one record win."""

    def write(self, writes):
        return [super(TakesARecordTwice, self).write([each])[0] for each in writes]


class ReplacesTheRecord(MemoryConnector):
    """Sends a whole record where a change was asked for."""

    def write(self, writes):
        for each in writes:
            blank = dict.fromkeys(self._crm.fields[each.object])
            self._crm.rows[each.object, each.id].fields.update(blank)
        return super().write(writes)


class AddsInsteadOfSetting(MemoryConnector):
    """Appends a text to what stands there."""

    def write(self, writes):
        def longer(each):
            held = self._crm.rows[each.object, each.id].fields
            return {
                name: f"{held.get(name) or ''}{value}" if name == "note" and value else value
                for name, value in each.values.items()
            }

        super().write([replace(each, values=longer(each)) for each in writes])
        return [WriteResult(each) for each in writes]


class DeletesWhatItEmpties(MemoryConnector):
    """Takes an empty value for a record that is not wanted any more."""

    def write(self, writes):
        results = super().write(writes)
        for each in writes:
            if None in each.values.values():
                self._crm.delete(each.object, each.id)
        return results


class OffersToDelete(MemoryConnector):
    """Has a method that somebody may call."""

    def delete_record(self, object_name, record_id):
        self._crm.delete(object_name, record_id)


class MakesNothing(MemoryConnector):
    """Says that a field is made and forgets to."""

    def make(self, step):
        """Nothing is made."""


class MakesTwice(MemoryConnector):
    """Fails when a step is carried out again."""

    def make(self, step):
        wanted = self._missing[step.key]
        if wanted.name in self._crm.fields[wanted.object]:
            raise RequestRefused(f"{wanted.name} exists")
        super().make(step)


class TakesOverAnyField(MemoryConnector):
    """Takes somebody else's field of the same name for its own."""

    def _is_there(self, wanted):
        return wanted.name in self._crm.fields[wanted.object]


class DescribesByHeart(MemoryConnector):
    """Describes what the CRM had when the connector was made."""

    def __init__(self, name, crm):
        super().__init__(name, crm)
        self._fields = {key: dict(each) for key, each in crm.fields.items()}

    def describe(self, objects):
        found = super().describe(objects)
        return {name: replace(found[name], fields=self._fields[name]) for name in objects}


class RanksFromOne(MemoryConnector):
    """Counts options from one."""

    def describe(self, objects):
        return {
            name: replace(
                each, fields={key: self._shifted(field) for key, field in each.fields.items()}
            )
            for name, each in super().describe(objects).items()
        }

    @staticmethod
    def _shifted(field: FieldDescription) -> FieldDescription:
        return replace(field, options=tuple(replace(o, rank=o.rank + 1) for o in field.options))


class TellsPeople(MemoryConnector):
    """Prints what it pulls."""

    def _record(self, wanted, record_id, row):
        found = super()._record(wanted, record_id, row)
        print("pulled", dict(found.fields))  # noqa: T201  this is the mistake
        return found


class ClosesOnce(MemoryConnector):
    """Fails when it is closed again."""

    def close(self):
        del self._crm


class LetsAnybodyIn(MemoryConnector):
    """Says that the CRM has a lock, and does not try the key."""

    def __init__(self, name, crm):
        super().__init__(name, crm)
        self.capabilities: Capabilities = replace(self.capabilities, asks_for_credentials=True)


class BelievesWhoeverCalls(MemoryConnector):
    """Takes a webhook request for the CRM's because it came."""

    def hear(self, heard):
        return [Named(*each) for each in orjson.loads(heard.body)]


class LeavesLinksOpen(MemoryConnector):
    """Says that links come along, and leaves them to be asked for."""

    def _record(self, wanted, record_id, row):
        return replace(super()._record(wanted, record_id, row), links=None)


CAUGHT_BY = {
    **CAUGHT_ABILITIES,
    DropsTheLastPage: "test_full_pull_brings_every_record",
    NeverSaysLast: "test_every_object_ends_with_its_last_page",
    SaysNothingWhenIdle: "test_idle_pull_ends",
    StrictCursor: "test_change_right_after_a_pull_is_brought",
    PromisesTheEnd: "test_pull_goes_on_from_every_cursor",
    KeepsItsCursorsToItself: "test_cursor_serves_another_connector",
    BookmarksTheEnd: "test_change_during_a_pull_is_not_lost",
    StartsAPullAnew: "test_pull_goes_on_from_every_cursor",
    StartsAnew: "test_idle_pull_brings_little",
    ForgetsTheDeleted: "test_deleted_record_is_told",
    ForgetsMerges: "test_merged_record_is_told",
    ForgetsLinks: "test_links_are_those_of_the_account",
    LeavesLinksOpen: "test_links_come_inline",
    LeavesOutEmptyFields: "test_values_are_those_of_the_account",
    LosesTheZone: "test_values_are_of_the_described_type",
    StampsNothing: "test_records_are_stamped",
    IgnoresUnknownFields: "test_unknown_field_is_named",
    ReadsWhatItRemembers: "test_read_gives_the_present_values",
    LosesTheOrder: "test_each_write_has_its_result_in_order",
    SaysWrittenWhenRefused: "test_bad_value_is_told_beside_its_record",
    BelievesSilence: "test_backward_move_is_told",
    RefusesTheWholeBatch: "test_bad_value_is_told_beside_its_record",
    BlamesTheFieldAlone: "test_bad_value_beside_a_good_one",
    RaisesForOneRecord: "test_gone_record_is_told_as_gone",
    TakesARecordTwice: "test_record_twice_in_a_call_is_refused",
    ReplacesTheRecord: "test_other_fields_stay",
    AddsInsteadOfSetting: "test_writing_again_changes_nothing",
    DeletesWhatItEmpties: "test_nothing_is_deleted",
    OffersToDelete: "test_connector_offers_no_way_to_delete",
    MakesNothing: "test_missing_field_is_told_and_made",
    MakesTwice: "test_making_again_changes_nothing",
    TakesOverAnyField: "test_field_of_another_type_is_refused",
    DescribesByHeart: "test_missing_field_is_told_and_made",
    RanksFromOne: "test_options_stand_in_the_order_of_their_ranks",
    TellsPeople: "test_secrets_never_show",
    ClosesOnce: "test_close_may_be_called_again",
    LetsAnybodyIn: "test_wrong_credentials_are_refused",
    BelievesWhoeverCalls: "test_call_that_nobody_proved_is_refused",
}
