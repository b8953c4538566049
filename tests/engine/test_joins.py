"""Two known people who turn out to be one are joined at once only where that raises nobody."""

import pytest

from stagesync.cli.explain import _show_history
from stagesync.engine.explain import explain
from stagesync.engine.joins import decide_join
from stagesync.engine.status import status

from .bench import Bench
from .pairs import is_one, two_people


def waiting(bench: Bench) -> list[dict[str, object]]:
    return status(bench.deployment, now_s=bench.clock.now_s())["joins"]


def stages(bench: Bench, ann: str, member: str) -> tuple[object, object]:
    return bench.stage(ann), bench.value("south", "contact", member, "Stage__c")


def test_people_of_one_stage_are_joined_at_once(bench: Bench) -> None:
    """Where nobody is raised, nobody is asked."""
    ann, member = two_people(bench, form=False)
    assert (True, []) == (is_one(bench, ann, member), waiting(bench))


def test_a_join_that_would_raise_somebody_waits(bench: Bench) -> None:
    """The two stay two, their stages stay, and the status shows the join once."""
    ann, member = two_people(bench, form=True)
    bench.sync()
    (held,) = waiting(bench)
    assert (False, ("lead", "contact"), {"lead", "contact"}) == (
        is_one(bench, ann, member),
        stages(bench, ann, member),
        set(held["stages"]),
    )


def test_a_join_that_waits_is_an_alert_until_it_is_decided(bench: Bench) -> None:
    """Raised once, whatever runs go by, and ended by the first run after the decision; it names nobody."""

    def standing() -> list[tuple[str, int]]:
        found = status(bench.deployment, now_s=bench.clock.now_s())["alerts"]
        return [(each["what"], each["seen"]) for each in found if each["key"] == "join:people"]

    two_people(bench, form=True)
    bench.sync()
    told = "people who may be one stand at different stages: pairs that wait: 1"
    assert [(told, 2)] == standing()
    (held,) = waiting(bench)
    now_s = bench.clock.now_s()
    decide_join(bench.deployment, str(held["join"]), approve=False, by="bea", now_s=now_s)
    bench.sync()
    assert [] == standing()


def test_an_approved_join_happens_in_the_next_run_and_is_logged(bench: Bench) -> None:
    """After the approval they are one, with one stage; the log says who decided."""
    ann, member = two_people(bench, form=True)
    (held,) = waiting(bench)
    now_s = bench.clock.now_s()
    decide_join(bench.deployment, str(held["join"]), approve=True, by="bea", now_s=now_s)
    bench.sync()
    bench.sync()
    assert (True, ("lead", "lead"), []) == (
        is_one(bench, ann, member),
        stages(bench, ann, member),
        waiting(bench),
    )
    assert [("bea", "approved")] == [
        (each["actor"], each["result"]["join"])
        for each in bench.audit()
        if "join" in each["result"]
    ]


def test_a_dropped_join_is_not_asked_for_again(bench: Bench) -> None:
    """They stay two, and the question does not come back with their next change."""
    ann, member = two_people(bench, form=True)
    (held,) = waiting(bench)
    now_s = bench.clock.now_s()
    decide_join(bench.deployment, str(held["join"]), approve=False, by="bea", now_s=now_s)
    bench.south.edit("contact", member, {"Title": "Buyer"})
    bench.sync()
    assert (False, []) == (is_one(bench, ann, member), waiting(bench))


def test_a_join_that_nothing_suggests_any_more_is_withdrawn(bench: Bench) -> None:
    """When the address is corrected, there is nothing left to decide."""
    _, member = two_people(bench, form=True)
    bench.south.edit("contact", member, {"Email": "ann@home.example"})
    bench.sync()
    assert [] == waiting(bench)


def test_an_approved_join_parts_again_with_its_address(bench: Bench) -> None:
    """A join is undone by taking away what made it: the records are two people again."""
    ann, member = two_people(bench, form=True)
    (held,) = waiting(bench)
    now_s = bench.clock.now_s()
    decide_join(bench.deployment, str(held["join"]), approve=True, by="bea", now_s=now_s)
    bench.sync()
    bench.south.edit("contact", member, {"Email": "ann@home.example"})
    bench.sync()
    assert not is_one(bench, ann, member)


def test_a_converted_lead_is_followed_at_once(bench: Bench) -> None:
    """What the CRM itself says waits for nobody, whatever the stages."""
    lead = bench.member("ann@firm.example", kind="lead", LastName="Ng")
    bench.sync()
    made = bench.south.convert("lead", lead, {"IsConverted": "true"}, to="contact")
    bench.sync()
    assert [] == waiting(bench)
    assert bench.person("south", "lead", lead) == bench.person("south", "contact", made)


def test_an_unknown_join_is_refused(bench: Bench) -> None:
    """Only a held join can be decided."""
    with pytest.raises(KeyError):
        decide_join(bench.deployment, "j_none", approve=True, by="bea", now_s=0.0)


def test_a_decided_join_can_be_explained(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """The person's explanation shows who decided the join, beside what was written."""
    two_people(bench, form=True)
    (held,) = waiting(bench)
    now_s = bench.clock.now_s()
    decide_join(bench.deployment, str(held["join"]), approve=False, by="bea", now_s=now_s)
    for who in held["people"]:
        _show_history(explain(bench.deployment, str(who)))
    out = capsys.readouterr().out
    assert (1, True) == (out.count("joins decided"), "dropped\tbea" in out)
