"""The CRM in memory keeps the contract that it is the reference of."""

import pytest

from stagesync.connector import (
    FieldMissing,
    FieldType,
    OwnField,
    Page,
    Pull,
    Quota,
    Refusal,
    RequestRefused,
    TellsTime,
    Unavailable,
    Write,
)
from stagesync.connector.memory import MemoryConnector, MemoryCrm

from .bench import BenchClock, make_north, make_south

pytestmark = pytest.mark.one_kind


@pytest.fixture
def clock() -> BenchClock:
    return BenchClock()


@pytest.fixture
def north(clock: BenchClock) -> MemoryCrm:
    return make_north(clock)


@pytest.fixture
def connector(north: MemoryCrm) -> MemoryConnector:
    return MemoryConnector("north", north)


def pulled(connector: MemoryConnector, cursor: str | None = None) -> list[Page]:
    return list(connector.pull([Pull("contact", ("email",), cursor)]))


def ids(pages: list[Page]) -> list[str]:
    return [record.id for page in pages for record in page.records]


def test_a_first_pull_brings_everything_that_lives(
    north: MemoryCrm, connector: MemoryConnector
) -> None:
    """Pages of the given size, the last one marked, without what was deleted before."""
    made = [north.add("contact", {"email": f"p{n}@firm.example"}) for n in range(5)]
    north.delete("contact", made[1])
    pages = pulled(connector)
    assert ([made[0], *made[2:]], [False, True]) == (ids(pages), [page.last for page in pages])


def test_an_empty_object_is_one_last_page(connector: MemoryConnector) -> None:
    """A pull of nothing still ends with a page that carries a cursor."""
    (page,) = pulled(connector)
    assert ((), True, True) == (page.records, page.last, bool(page.cursor))


def test_a_full_last_page_is_the_last(north: MemoryCrm, connector: MemoryConnector) -> None:
    """When the rows fill their pages exactly, no empty page follows."""
    for _ in range(6):
        north.add("contact", {})
    assert [(3, False), (3, True)] == [(len(p.records), p.last) for p in pulled(connector)]


def test_only_the_fields_asked_for_come(north: MemoryCrm, connector: MemoryConnector) -> None:
    """A record has exactly the fields of the pull, empty ones as None."""
    north.add("contact", {"last": "Ng"})
    ((record,),) = [page.records for page in pulled(connector)]
    assert {"email": None} == record.fields


def test_an_unknown_field_is_refused_by_name(connector: MemoryConnector) -> None:
    """A field that does not exist is named with its object."""
    with pytest.raises(FieldMissing, match=r"contact\.colour"):
        list(connector.pull([Pull("contact", ("colour",))]))
    with pytest.raises(FieldMissing, match=r"contact\.colour"):
        connector.read("contact", [], ["colour"])


def test_a_later_pull_brings_what_changed(
    north: MemoryCrm, connector: MemoryConnector, clock: BenchClock
) -> None:
    """Edits and deletions since the cursor come, and what is older than the overlap does not."""
    old, edited, deleted = (north.add("contact", {"email": f"p{n}@x.example"}) for n in range(3))
    cursor = pulled(connector)[-1].cursor
    clock.advance(seconds=61)
    north.edit("contact", edited, {"email": "new@x.example"})
    north.delete("contact", deleted)
    later = pulled(connector, cursor)
    assert {old, edited, deleted} == set(ids(later))
    found = {record.id: record for page in later for record in page.records}
    assert (True, False) == (found[deleted].gone, found[edited].gone)
    clock.advance(seconds=3_600)
    assert {edited, deleted} == set(ids(pulled(connector, later[-1].cursor)))


def test_a_pull_that_broke_off_goes_on(north: MemoryCrm, connector: MemoryConnector) -> None:
    """Going on from any page's cursor loses nothing, though all rows bear one stamp."""
    north.overlap_s = 0.0
    made = {north.add("contact", {}) for _ in range(8)}
    first = next(iter(connector.pull([Pull("contact", ("email",))])))
    rest = pulled(connector, first.cursor)
    assert made == {*ids([first]), *ids(rest)}


def test_a_cursor_never_falls_back(
    north: MemoryCrm, connector: MemoryConnector, clock: BenchClock
) -> None:
    """A pull that finds only old rows in its overlap ends where it began or later."""
    north.add("contact", {})
    first = pulled(connector)[-1].cursor
    assert float(first) == float(pulled(connector, first)[-1].cursor)
    later = repr(float(first) + 30)
    assert float(later) == float(pulled(connector, later)[-1].cursor)


@pytest.mark.parametrize("inline", [True, False])
def test_links_come_inline_or_are_asked_for(
    north: MemoryCrm, connector: MemoryConnector, inline: bool
) -> None:
    """Either the record carries its links, or it says None and `links` tells them."""
    north.links_inline = inline
    company = north.add("company", {})
    contact = north.add("contact", {}, links={"company": (company,)})
    alone = north.add("contact", {})
    told = {record.id: record.links for page in pulled(connector) for record in page.records}
    wanted = {"company": (company,)}
    assert ({contact: wanted, alone: {}} if inline else dict.fromkeys((contact, alone))) == told
    assert {contact: wanted} == connector.links("contact", [contact, alone])


def test_a_write_has_one_result_each(north: MemoryCrm, connector: MemoryConnector) -> None:
    """Results stand in the order of the writes, refused ones among them, and nothing raises."""
    taken, locked, odd, strange = (north.add("contact", {}) for _ in range(4))
    north.refuse("contact", locked, Refusal.LOCKED, message="row is locked")
    writes = [
        Write("contact", locked, {"title": "x"}),
        Write("contact", taken, {"title": "x"}),
        Write("contact", "99", {"title": "x"}),
        Write("contact", odd, {"colour": "x"}),
        Write("contact", strange, {"status": "Unheard"}),
    ]
    results = connector.write(writes)
    assert [*writes] == [each.write for each in results]
    assert [Refusal.LOCKED, None, Refusal.GONE, Refusal.INVALID, Refusal.INVALID] == [
        each.refusal for each in results
    ]
    assert {"title": "x"} == results[1].now


def test_a_read_only_field_is_forbidden(north: MemoryCrm, connector: MemoryConnector) -> None:
    """A field that our credentials may not write refuses the record's write."""
    from dataclasses import replace

    contact = north.add("contact", {})
    known = north.fields["contact"]["title"]
    north.fields["contact"]["title"] = replace(known, writable=False)
    (result,) = connector.write([Write("contact", contact, {"title": "x"})])
    assert (Refusal.FORBIDDEN, None) == (
        result.refusal,
        north.rows["contact", contact].fields["title"],
    )


def test_a_backward_stage_is_refused_alone(north: MemoryCrm, connector: MemoryConnector) -> None:
    """A forward-only field keeps its value and is named; the other values are taken."""
    contact = north.add("contact", {"lifecycle": "customer"})
    values = {"lifecycle": "lead", "title": "x"}
    (result,) = connector.write([Write("contact", contact, values)])
    assert (Refusal.NOT_FORWARD, ("lifecycle",), {"lifecycle": "customer", "title": "x"}) == (
        result.refusal,
        result.fields,
        result.now,
    )


def test_a_broken_write_keeps_its_results(north: MemoryCrm, connector: MemoryConnector) -> None:
    """What was sent before the break is in the error."""
    contacts = [north.add("contact", {}) for _ in range(3)]
    north.break_write(Unavailable("reset"), after=2)
    with pytest.raises(Unavailable) as broken:
        connector.write([Write("contact", each, {"title": "x"}) for each in contacts])
    assert 2 == len(broken.value.results)
    assert ["x", "x", None] == [north.rows["contact", c].fields["title"] for c in contacts]


def test_a_converted_record_names_what_it_became(clock: BenchClock) -> None:
    """Conversion makes a record of the other object; the old one names it and is closed to writing."""
    south = make_south(clock)
    connector = MemoryConnector("south", south)
    lead = south.add("lead", {"Email": "ann@firm.example"})
    contact = south.convert("lead", lead, {"IsConverted": "true"}, to="contact")
    (record,) = connector.read("lead", [lead], ["IsConverted"])
    assert ({"contact": (contact,)}, "true") == (record.links, record.fields["IsConverted"])
    (result,) = connector.write([Write("lead", lead, {"Title": "x"})])
    assert Refusal.CONVERTED is result.refusal
    (made,) = connector.read("contact", [contact], ["Email"])
    assert "ann@firm.example" == made.fields["Email"]


def test_a_merge_leaves_one_record(north: MemoryCrm, connector: MemoryConnector) -> None:
    """The loser is gone into the winner, and whoever named it names the winner, once."""
    loser, winner = north.add("contact", {}), north.add("contact", {})
    deal = north.add("deal", {}, links={"contact": (loser, winner)})
    north.merge("contact", loser, into=winner)
    read = {each.id: each.merged_into for each in connector.read("contact", [loser, winner], [])}
    assert {winner: "", loser: winner} == read
    assert (True, winner) == (
        north.rows["contact", loser].gone,
        north.rows["contact", loser].merged_into,
    )
    assert {deal: {"contact": (winner,)}} == connector.links("deal", [deal])


def test_every_request_counts(north: MemoryCrm, connector: MemoryConnector) -> None:
    """Failed requests count too, and a failure comes when it was asked for."""
    north.fail(Unavailable("no answer"), after=1, times=2)
    connector.check()
    for _ in range(2):
        with pytest.raises(Unavailable):
            connector.check()
    connector.describe(["contact"])
    assert 4 == connector.calls


STAGE = OwnField("contact", "stage", "Stage", FieldType.CHOICE, (("lead", "Lead"),))


def test_setup_makes_what_is_missing(north: MemoryCrm, connector: MemoryConnector) -> None:
    """An own field is made once, and can be written then."""
    (step,) = connector.setup([STAGE])
    connector.make(step)
    assert [] == connector.setup([STAGE])
    contact = north.add("contact", {})
    (result,) = connector.write([Write("contact", contact, {"stage": "lead"})])
    assert None is result.refusal


def test_setup_refuses_another_type(connector: MemoryConnector) -> None:
    """A field of that name and another type is not touched."""
    with pytest.raises(RequestRefused, match=r"contact\.title exists as text"):
        connector.setup([OwnField("contact", "title", "Title", FieldType.NUMBER)])


def test_a_quota_tells_ours_and_all(north: MemoryCrm, connector: MemoryConnector) -> None:
    """The allowance is told once the CRM has one, with the calls of other programs in it."""
    assert connector.quota() is None
    north.daily_limit, north.calls_of_others = 1_000, 40
    connector.check()
    assert Quota(41, 1_000, 1, None, None) == connector.quota()


def test_counting_leaves_out_what_is_gone(north: MemoryCrm, connector: MemoryConnector) -> None:
    """The live records of one object are counted, unless the CRM cannot tell."""
    made = [north.add("contact", {"email": f"p{n}@firm.example"}) for n in range(3)]
    north.add("company", {})
    north.delete("contact", made[0])
    assert 2 == connector.count("contact")
    north.counts = False
    assert connector.count("contact") is None


def test_the_crm_has_a_clock_of_its_own(north: MemoryCrm, connector: MemoryConnector) -> None:
    """A connector that hears the CRM's time tells it."""
    north.skew_s = 90.0
    assert isinstance(connector, TellsTime)
    assert north.clock.now_s() + 90.0 == connector.server_now_s()
