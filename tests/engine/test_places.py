"""How many stand at each stage, read from the places where people stand."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import text

from stagesync.domain.vocabulary import Vocabulary
from stagesync.engine.explain import explain
from stagesync.engine.lists import Filter, listed
from stagesync.engine.places import count_stages
from stagesync.store import people
from stagesync.store.people import KINDS, Kind

from .bench import Bench
from .test_edits import ADOPT


def by_hand(bench: Bench, kind: Kind) -> dict[str, dict[str, int]]:
    """The same from everybody's stored stages, one by one."""
    found: dict[str, Counter[str]] = {}
    with bench.store.begin() as tx:
        everybody = people.placed(tx, kind, people.all_ids(tx, kind))
    for each in everybody.values():
        for vocabulary, stage in (each.stages or {}).items():
            found.setdefault(vocabulary, Counter())[stage] += 1
    return {name: dict(sizes) for name, sizes in found.items()}


def counted(bench: Bench, kind: Kind) -> Mapping[str, Mapping[str, int]]:
    with bench.store.begin() as tx:
        return count_stages(tx, bench.deployment, kind)


def people_everywhere(bench: Bench) -> list[str]:
    """People of companies, strangers and askers."""
    company = bench.north.add("company", {"domain": "firm.example", "name": "F"})
    links = {"company": (company,)}
    found = [bench.contact(f"p{n}@firm.example", links=links) for n in range(3)]
    found += [bench.contact(f"q{n}@gmail.com") for n in range(2)]
    bench.form(found[0])
    bench.form(found[4])
    bench.sync()
    return found


def test_places_tell_how_many_are_at_each_stage(bench: Bench) -> None:
    """Counting by places equals counting by what is stored of everybody, also when they moved."""
    found = people_everywhere(bench)
    first = counted(bench, "person")
    assert len(first["standard"]) > 1
    for kind in KINDS:
        assert by_hand(bench, kind) == counted(bench, kind)
    bench.form(found[1])
    bench.clock.advance(days=90)
    bench.sync()
    assert first != counted(bench, "person")
    for kind in KINDS:
        assert by_hand(bench, kind) == counted(bench, kind)


def test_a_level_that_somebody_said_counts(bench: Bench) -> None:
    """Whoever somebody's word makes a client is counted and found as one, whatever the facts say."""
    found = people_everywhere(bench)
    bench.clock.advance(days=1)
    bench.north.edit("contact", found[1], {"stage": "client"})
    bench.redeploy(edits=ADOPT)
    bench.sync()
    assert 1 == counted(bench, "person")["standard"]["client"]
    assert by_hand(bench, "person") == counted(bench, "person")
    with bench.store.begin() as tx:
        page = listed(
            tx,
            bench.deployment,
            Filter(stages={"standard": "client"}, levels={"sales": "won"}),
            now_s=0.0,
        )
    person = bench.person("north", "contact", found[1])
    assert [person] == [each["id"] for each in page["rows"]]
    document = explain(bench.deployment, str(person))
    assert {"sales": "won"} == {e["axis"]: e["said"] for e in document["axes"] if e["said"]}
    bench.clock.advance(days=31)
    bench.sync()
    assert "client" not in counted(bench, "person")["standard"]


def test_a_place_that_cannot_be_read_is_counted_nowhere(bench: Bench) -> None:
    """Somebody who stood where the policy of today has no levels is left out until they are placed anew."""
    people_everywhere(bench)
    before = counted(bench, "person")["standard"]
    with bench.store.begin() as tx:
        sql = 'UPDATE place SET levels = \'{"mood":"bright"}\' WHERE id ='
        tx.execute(text(f"{sql} (SELECT MIN(place) FROM person)"))
    assert sum(before.values()) > sum(counted(bench, "person").get("standard", {}).values())


def test_renamed_stages_are_counted_at_once(bench: Bench) -> None:
    """With another vocabulary the same places are counted by its words, before anybody is placed anew."""
    people_everywhere(bench)
    kept: Vocabulary = bench.deployment.vocabularies["hubspot"]
    bench.redeploy(vocabularies={"standard": bench.deployment.vocabularies["standard"], "x": kept})
    assert {"standard", "x"} == set(counted(bench, "person"))


def test_somebody_is_explained_before_they_are_placed_anew(bench: Bench) -> None:
    """While other words are in force than those that placed them, what is not known yet is left out."""
    found = people_everywhere(bench)
    kept = bench.deployment.vocabularies["standard"]
    bench.redeploy(vocabularies={"x": replace(kept, name="x")}, main_vocabulary="x")
    document = explain(bench.deployment, str(bench.person("north", "contact", found[0])))
    assert ({}, []) == (document["treatment"], document["words"])
    assert document["scores"]
