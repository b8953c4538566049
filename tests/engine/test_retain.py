"""What is no longer of use goes by itself: gone records, ended histories, old notes."""

from stagesync.connector import Named
from stagesync.engine.audit import verify_store
from stagesync.engine.status import status
from stagesync.store import alerts, connections, inbox, people, records

from .bench import DAY_S, Bench
from .personal_data import whole_store
from .test_inbox import hear


def _known(bench: Bench) -> str:
    with bench.store.begin() as tx:
        return whole_store(tx)


def test_who_is_gone_from_every_crm_is_kept_for_a_span(bench: Bench) -> None:
    """A deleted contact leaves, after the span and with the record that it was merged from, no address, name or history."""
    bench.redeploy(keep_gone_s=90 * DAY_S)
    loser = bench.contact("old.marlow@firm.example", first="Annabel", last="Marlow")
    ann = bench.contact("ann.marlow@firm.example", first="Annabel", last="Marlow")
    bo = bench.contact("bo@firm.example", first="Bo", last="Li")
    bench.sync()
    person = str(bench.person("north", "contact", ann))
    bench.north.merge("contact", loser, into=ann)
    bench.sync()
    bench.north.delete("contact", ann)
    bench.sync()
    bench.clock.advance(days=89)
    bench.sync()
    assert "Marlow" in _known(bench)
    bench.clock.advance(days=2)
    bench.sync()
    bench.sync()
    told = _known(bench)
    assert [] == [each for each in ("arlow", "Annabel", f"transition: ('{person}'") if each in told]
    assert bench.person("north", "contact", bo)
    with bench.store.begin() as tx:
        assert [] == list(people.placed(tx, "person", [person]))
        assert None is verify_store(tx).broken


def test_who_comes_back_in_time_keeps_their_history(bench: Bench) -> None:
    """A record out of the bin begins its span anew when it is deleted again."""
    ann = bench.contact("ann.marlow@firm.example", last="Marlow")
    bench.sync()
    row = bench.north.rows["contact", ann]
    bench.north.delete("contact", ann)
    bench.sync()
    bench.clock.advance(days=80)
    row.changed_at_s = bench.clock.now_s()
    row.gone = False
    bench.north.rows["contact", ann] = row
    bench.sync()
    bench.clock.advance(days=20)
    bench.sync()
    assert "Marlow" in _known(bench)


def test_without_a_span_everything_stays(bench: Bench) -> None:
    """`keep_gone: null` keeps what is gone for ever."""
    bench.redeploy(keep_gone_s=None)
    ann = bench.contact("ann.marlow@firm.example", last="Marlow")
    bench.sync()
    bench.north.delete("contact", ann)
    bench.sync()
    bench.clock.advance(days=4_000)
    bench.sync()
    assert "Marlow" in _known(bench)


def test_what_a_connection_brought_goes_when_it_was_taken_out(bench: Bench) -> None:
    """After the span its people, firms and login are gone; who is in another CRM too is placed without it."""
    whole = dict(bench.deployment.connections)
    bench.redeploy(keep_gone_s=90 * DAY_S)
    ann = bench.contact("ann@firm.example", last="Ng")
    bench.member("ann@firm.example", LastName="Ng", kind="lead")
    firm = bench.south.add("account", {"Website": "marlow.example", "Name": "Marlow & Sons"})
    bench.member("bo@marlow.example", FirstName="Bo", LastName="Marlow", links={"account": (firm,)})
    bench.sync()
    with bench.store.begin() as tx:
        connections.remember(tx, "south", "a login")
    bench.redeploy(connections={"north": whole["north"]})
    bench.sync()
    since = status(bench.deployment, now_s=bench.clock.now_s())["left"]
    assert [("south", 3)] == [(each["connection"], each["records"]) for each in since]
    bench.clock.advance(days=89)
    bench.sync()
    assert "Marlow" in _known(bench)
    bench.clock.advance(days=2)
    for _ in range(3):
        assert {} == bench.sync().troubles
    told = _known(bench)
    assert [] == [each for each in ("arlow", "a login", "connection: ['south'") if each in told]
    stays = bench.person("north", "contact", ann)
    with bench.store.begin() as tx:
        left = people.all_ids(tx, "person"), people.all_ids(tx, "account")
        assert ([stays], []) == left
        assert None is verify_store(tx).broken
    assert [] == status(bench.deployment, now_s=bench.clock.now_s())["left"]


def test_a_connection_that_comes_back_in_time_has_all_it_brought(bench: Bench) -> None:
    """Its span begins anew when it is taken out again."""
    whole = dict(bench.deployment.connections)
    bench.redeploy(keep_gone_s=90 * DAY_S)
    bench.member("bo@marlow.example", LastName="Marlow")
    bench.sync()
    for _ in range(2):
        bench.redeploy(connections={"north": whole["north"]})
        bench.sync()
        bench.clock.advance(days=80)
        bench.sync()
        bench.redeploy(connections=whole)
        bench.sync()
    assert "Marlow" in _known(bench)


def test_what_was_gone_before_we_knew_it_is_not_stored(bench: Bench) -> None:
    """An archive that a CRM shows brings nobody in."""
    ann = bench.contact("ann.marlow@firm.example", last="Marlow")
    bench.north.delete("contact", ann)
    bench.sync()
    assert "Marlow" not in _known(bench)
    with bench.store.begin() as tx:
        assert {} == records.records_of(tx, "north", "contact", [ann])


def test_old_notes_go(bench: Bench) -> None:
    """Runs and ended alerts after 400 days, what was heard and never read after 30; what is erased waits on."""
    bench.contact("bo@firm.example", last="Li")
    first = bench.sync().run
    now_s = bench.clock.now_s()
    with bench.store.begin() as tx:
        alerts.settle(tx, "north", "drift", {"x": ("what", "fix")}, at_s=now_s)
        alerts.settle(tx, "north", "drift", {}, at_s=now_s)
        inbox.note(tx, "elsewhere", [("contact", "1", False), ("contact", "2", True)], at_s=now_s)
    hear(bench, Named("contact", "1"))
    bench.clock.advance(days=29)
    bench.sync()
    with bench.store.begin() as tx:
        assert {"elsewhere": 2} == inbox.count_waiting(tx)
    bench.clock.advance(days=2)
    bench.sync()
    with bench.store.begin() as tx:
        assert {"elsewhere": 1} == inbox.count_waiting(tx)
    bench.clock.advance(days=380)
    bench.sync()
    with bench.store.begin() as tx:
        assert [] == alerts.all_alerts(tx, "north")
        assert f"'{first}'" not in next(
            line for line in whole_store(tx).splitlines() if line.startswith("run:")
        )
