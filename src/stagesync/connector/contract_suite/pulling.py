"""What a pull brings, from the start, from a cursor, and when it was broken off."""

from __future__ import annotations

from itertools import islice

import pytest

from stagesync.connector import Connector, Page, Pull
from stagesync.connector.contract_suite.account import Account
from stagesync.connector.contract_suite.subject import (
    Suite,
    comparable,
    cursors_of,
    ids_of,
    is_of,
    live,
    pages_of,
    records_of,
    subject_of,
    text_of,
)
from stagesync.errors import FieldMissing

NO_FIELD = "No_Such_Field_Xyz"


class Pulling(Suite):
    """Pull, links and read."""

    # From the start.

    def test_full_pull_brings_every_record(self, connector: Connector, account: Account) -> None:
        """A pull from the start brings each live record of each object."""
        pages = pages_of(connector, account)
        for name in account.fields:
            assert sorted(account.held(name)) == sorted(live(records_of(pages, name)))

    def test_values_are_those_of_the_account(self, connector: Connector, account: Account) -> None:
        """Every record comes with all the fields asked for and no other, as the account holds them."""
        described = connector.describe(list(account.fields))
        pages = pages_of(connector, account)
        for name, fields in account.fields.items():
            found = live(records_of(pages, name))
            assert {tuple(sorted(each.fields)) for each in found.values()} <= {
                tuple(sorted(fields))
            }
            for record_id, held in account.held(name).items():
                told = [each for each in fields if each in held]
                expected = comparable(described[name], held, names=told)
                assert expected == comparable(
                    described[name], found[record_id].fields, names=told
                ), f"{name} {record_id}"

    def test_values_are_of_the_described_type(self, connector: Connector, account: Account) -> None:
        """A number reads as one, a flag is a truth, an instant has a zone, an empty field is None."""
        described = connector.describe(list(account.fields))
        for page in pages_of(connector, account):
            types = {name: each.type for name, each in described[page.object].fields.items()}
            wrong = {
                (each.object, name, repr(value))
                for each in page.records
                for name, value in each.fields.items()
                if value == "" or not is_of(types[name], value)
            }
            assert set() == wrong

    def test_records_are_stamped(self, connector: Connector, account: Account) -> None:
        """Every record says its object, and when it was changed, after it was created."""
        for page in pages_of(connector, account):
            for each in page.records:
                assert page.object == each.object
                assert (each.created_at_s or 0) <= each.changed_at_s
                assert each.changed_at_s > 0

    def test_every_object_ends_with_its_last_page(
        self, connector: Connector, account: Account
    ) -> None:
        """One page of each object is its last, and none of that object follows."""
        pages = pages_of(connector, account)
        for name in account.fields:
            ends = [page.last for page in pages if page.object == name]
            assert [*[False] * (len(ends) - 1), True] == ends, name

    def test_pull_brings_only_what_was_asked_for(
        self, connector: Connector, account: Account
    ) -> None:
        """A pull of one object brings pages of no other."""
        name = subject_of(connector, account).name
        assert {name} == {page.object for page in pages_of(connector, account, only=name)}

    def test_pull_goes_on_from_every_cursor(self, connector: Connector, account: Account) -> None:
        """Broken off after any page, a pull that goes on from its cursor brings the rest, and little else."""
        pages = pages_of(connector, account)
        assert max(self._lengths(pages).values()) >= 3, "prepare an account of three pages or more"
        for name in account.fields:
            repeated = self._goes_on(account, pages, name)
            largest = max(len(page.records) for page in pages if page.object == name)
            assert repeated <= largest, f"{name}: a pull that goes on repeats more than a page"

    def test_change_during_a_pull_is_not_lost(self, connector: Connector, account: Account) -> None:
        """What people change while a pull goes on comes with it or with the next one."""
        name, text = subject_of(connector, account).name, text_of(connector, account)
        pull = connector.pull([Pull(name, account.fields[name])])
        pages = [next(pull)]
        first = {each.id for each in pages[0].records}
        # One that was handed out already, then, later, one that was not.
        for number, record_id in enumerate((min(first), max(set(account.held(name)) - first))):
            account.edit(name, record_id, {text: f"changed meanwhile {number}"})
            account.settle()
        pages += pull
        pages += pages_of(connector, account, cursors=cursors_of(pages), only=name)
        known = {key: each.fields[text] for key, each in records_of(pages, name).items()}
        assert {key: each[text] for key, each in account.held(name).items()} == known

    def test_unknown_field_is_named(self, connector: Connector, account: Account) -> None:
        """A field that the CRM does not have is told by its name, not by an empty value."""
        name = subject_of(connector, account).name
        wanted = Pull(name, (*account.fields[name], NO_FIELD))
        with pytest.raises(FieldMissing, match=NO_FIELD):
            list(islice(connector.pull([wanted]), 1))

    # From a cursor.

    def test_incremental_pull_brings_every_change(
        self, connector: Connector, account: Account
    ) -> None:
        """What people changed and made since the cursor comes, with its new values."""
        name, text = subject_of(connector, account).name, text_of(connector, account)
        pages = pages_of(connector, account)
        account.settle()
        edited = ids_of(connector, account)[:3]
        for record_id in edited:
            account.edit(name, record_id, {text: f"edited {record_id}"})
        made = account.create(name, {text: "made"}, links={})
        account.settle()
        found = records_of(pages_of(connector, account, cursors=cursors_of(pages)), name)
        expected = {**{each: f"edited {each}" for each in edited}, made: "made"}
        assert expected == {each: found[each].fields[text] for each in expected if each in found}

    def test_change_right_after_a_pull_is_brought(
        self, connector: Connector, account: Account
    ) -> None:
        """A record of the very instant at which the last pull ended is not skipped."""
        name, text = subject_of(connector, account).name, text_of(connector, account)
        before = account.create(name, {text: "just before"}, links={})
        cursors = cursors_of(pages_of(connector, account))
        after = account.create(name, {text: "just after"}, links={})
        account.edit(name, before, {text: "edited at once"})
        account.settle()
        found = records_of(pages_of(connector, account, cursors=cursors), name)
        assert (True, "edited at once") == (after in found, found[before].fields[text])

    def test_mass_change_goes_on_from_every_cursor(
        self, connector: Connector, account: Account
    ) -> None:
        """When all records change within an instant, a pull broken off anywhere still brings all."""
        name, text = subject_of(connector, account).name, text_of(connector, account)
        cursors = cursors_of(pages_of(connector, account))
        account.settle()
        for record_id in ids_of(connector, account):
            account.edit(name, record_id, {text: "mass change"})
        account.settle()
        pages = pages_of(connector, account, cursors=cursors, only=name)
        changed = {
            each.id
            for each in records_of(pages, name).values()
            if each.fields[text] == "mass change"
        }
        assert set(ids_of(connector, account)) == changed
        self._goes_on(account, pages, name)

    def test_cursor_serves_another_connector(self, connector: Connector, account: Account) -> None:
        """A cursor is text that a later process can go on from, as often as it wants."""
        name, text = subject_of(connector, account).name, text_of(connector, account)
        pages = pages_of(connector, account)
        account.settle()
        edited = ids_of(connector, account)[0]
        account.edit(name, edited, {text: "edited"})
        account.settle()
        cursors = {key: "".join(cursor) for key, cursor in cursors_of(pages).items()}
        for _ in range(2):
            later = account.connect()
            later.describe(list(account.fields))
            assert edited in records_of(pages_of(later, account, cursors=cursors), name)
            later.close()

    def test_idle_pull_ends(self, connector: Connector, account: Account) -> None:
        """When nothing changed, each object still ends with its last page."""
        account.settle()
        cursors = cursors_of(pages_of(connector, account))
        pages = pages_of(connector, account, cursors=cursors)
        assert set(account.fields) == {page.object for page in pages if page.last}

    def test_idle_pull_brings_little(self, connector: Connector, account: Account) -> None:
        """When nothing changed, a pull from a cursor does not bring everything again."""
        if not connector.capabilities.pulls_incrementally:
            pytest.skip("a pull may bring everything again")
        name = subject_of(connector, account).name
        account.settle()
        pages = pages_of(connector, account)
        account.settle()
        pages = pages_of(connector, account, cursors=cursors_of(pages), only=name)
        assert len(records_of(pages, name)) <= len(account.held(name)) // 10

    def test_deleted_record_is_told(self, connector: Connector, account: Account) -> None:
        """A record that people deleted since the cursor comes as gone."""
        if not connector.capabilities.tells_deletes:
            pytest.skip("a pull does not tell deletes")
        name = subject_of(connector, account).name
        cursors = cursors_of(pages_of(connector, account))
        account.settle()
        deleted = ids_of(connector, account)[1]
        account.delete(name, deleted)
        account.settle()
        found = records_of(pages_of(connector, account, cursors=cursors), name)
        assert [deleted] == [each.id for each in found.values() if each.gone]

    def test_merged_record_is_told(self, connector: Connector, account: Account) -> None:
        """A record that became part of another one names it, in a pull or when it is read."""
        if not connector.capabilities.tells_merges:
            pytest.skip("merges are not told")
        kind = subject_of(connector, account)
        cursors = cursors_of(pages_of(connector, account))
        account.settle()
        winner, loser, *_ = ids_of(connector, account)
        now = account.merge(kind.name, loser, into=winner)
        account.settle()
        pulled = records_of(pages_of(connector, account, cursors=cursors), kind.name).values()
        read = connector.read(kind.name, [loser], account.fields[kind.name])
        assert {(loser, now)} == {
            (each.id, each.merged_into) for each in (*pulled, *read) if each.id == loser
        }

    # Links and reading.

    def test_links_are_those_of_the_account(self, connector: Connector, account: Account) -> None:
        """What each record names comes with it, or is told when asked."""
        pages = pages_of(connector, account)
        for kind in (each for each in connector.objects if each.name in account.fields):
            records = live(records_of(pages, kind.name))
            asked = [each.id for each in records.values() if each.links is None]
            told = connector.links(kind.name, asked) if asked else {}
            found = {
                key: {name: set(ids) for name, ids in links.items() if ids}
                for key, each in records.items()
                if (links := told.get(key, {}) if each.links is None else each.links)
            }
            expected = {
                key: {name: set(ids) for name, ids in links.items() if ids}
                for key, links in account.links(kind.name).items()
                if any(links.values())
            }
            assert expected == {key: links for key, links in found.items() if links}, kind.name
            assert {name for links in found.values() for name in links} <= set(kind.links)

    def test_new_link_is_brought(self, connector: Connector, account: Account) -> None:
        """A record that was made with a link names it in the next pull."""
        kind = subject_of(connector, account)
        far = next((name for name in kind.links if name in account.fields), None)
        if far is None:
            pytest.skip("the subject names no other record")
        cursors = cursors_of(pages_of(connector, account))
        target = min(account.held(far))
        made = account.create(kind.name, {}, links={far: (target,)})
        account.settle()
        record = records_of(pages_of(connector, account, cursors=cursors), kind.name)[made]
        links = record.links
        if links is None:
            links = connector.links(kind.name, [made]).get(made, {})
        assert (target,) == links.get(far)

    def test_links_come_inline(self, connector: Connector, account: Account) -> None:
        """No record leaves its links open when the connector says that all come with them."""
        if not connector.capabilities.tells_links_inline:
            pytest.skip("links may have to be asked for")
        name, text = subject_of(connector, account).name, text_of(connector, account)
        pages = pages_of(connector, account)
        account.edit(name, ids_of(connector, account)[0], {text: "edited"})
        account.settle()
        pages += pages_of(connector, account, cursors=cursors_of(pages))
        assert [] == [each.id for page in pages for each in page.records if each.links is None]

    def test_read_gives_the_present_values(self, connector: Connector, account: Account) -> None:
        """A read sees what people changed since the last pull, each record once."""
        name, text = subject_of(connector, account).name, text_of(connector, account)
        pages_of(connector, account)
        first, second, *_ = ids_of(connector, account)
        account.edit(name, first, {text: "edited"})
        account.settle()
        found = connector.read(name, [second, first], [text])
        held = account.held(name)
        assert {first: "edited", second: held[second][text]} == {
            each.id: each.fields[text] for each in found
        }
        assert 2 == len(found)

    def test_read_leaves_out_what_is_gone(self, connector: Connector, account: Account) -> None:
        """A read of a deleted record beside others brings the others."""
        name = subject_of(connector, account).name
        first, second, *_ = ids_of(connector, account)
        account.delete(name, first)
        account.settle()
        found = connector.read(name, [first, second], account.fields[name])
        assert [second] == [each.id for each in found if not each.merged_into]

    @staticmethod
    def _lengths(pages: list[Page]) -> dict[str, int]:
        names = [page.object for page in pages]
        return {name: names.count(name) for name in names}

    @staticmethod
    def _goes_on(account: Account, pages: list[Page], name: str) -> int:
        """Every page's cursor leads to what came after it, for a connector that knows nothing else.

        Returns:
            How many records came again at most, the last page's cursor aside: it begins another pull.
        """
        of_object = [page for page in pages if page.object == name]
        every = set(live(records_of(of_object, name)))
        repeated = [0]
        for count, page in enumerate(of_object, 1):
            before = set(live(records_of(of_object[:count], name)))
            later = account.connect()
            later.describe(list(account.fields))
            rest = pages_of(later, account, cursors={name: page.cursor}, only=name)
            after = set(live(records_of(rest, name)))
            later.close()
            assert set() == every - before - after, f"{name}, after page {count}"
            repeated += [] if page.last else [len(after & before)]
        return max(repeated)
