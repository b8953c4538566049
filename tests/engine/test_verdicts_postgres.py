"""People's verdicts on a real Postgres: the same words, the same way back."""

from stagesync.engine.verdicts import join, listed, split, undo

from .bench import make_bench


def test_verdicts_hold_and_are_undone_on_postgres(postgres_store_url: str) -> None:
    """A join and a split act, are listed and logged, and leave nothing behind once undone."""
    bench = make_bench(store_url=postgres_store_url)
    ann = bench.contact("ann@firm.example", last="Ng")
    bench.form(ann)
    member = bench.member("ann@home.example", LastName="Ng")
    bench.sync()
    refs = [("north", "contact", ann), ("south", "contact", member)]

    def holders() -> list[str | None]:
        return [bench.person(*ref) for ref in refs]

    before = holders()
    now_s = bench.clock.now_s()
    one = join(bench.deployment, *map(str, before), by="bea", now_s=now_s)
    joined = holders()
    two = split(bench.deployment, f"south/contact/{member}", by="bea", now_s=now_s)
    parted = holders()
    assert (1, joined[0], 2) == (len(set(joined)), parted[0], len(set(parted)))
    said = [one["verdict"], two["verdict"]]
    assert said == [each["verdict"] for each in listed(bench.deployment)]
    undo(bench.deployment, two["verdict"], by="cyd", now_s=now_s)
    assert joined == holders()
    undo(bench.deployment, one["verdict"], by="cyd", now_s=now_s)
    bench.sync()
    assert (before, []) == (holders(), listed(bench.deployment))
    assert said == [each["verdict"] for each in listed(bench.deployment, undone=True)]
    assert "lead" == bench.stage(ann)
    bench.store.close()
