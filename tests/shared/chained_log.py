"""A log as the engine would write it, in memory."""

from collections.abc import Mapping
from typing import Any

from stagesync.domain.chain import Head, seal


class Log:
    """Lines of an export, and the heads on the way."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.heads: list[Head] = []
        self.ends: dict[str, tuple[int, str]] = {}
        self.head = ""

    def add(self, entry: Mapping[str, Any], *, chain: str = "") -> None:
        count, last = self.ends.get(chain, (0, "")) if chain else (0, self.head)
        seq = len(self.lines) + 1
        sealed = seal({**entry, "seq": seq, "prev_hash": last}, salt=f"{seq:032x}")
        self.lines.append(sealed.line.encode() + b"\n")
        if chain:
            self.ends[chain] = (count + 1, sealed.hash)
        else:
            self.head = sealed.hash
            self.heads.append(Head(seq, sealed.hash))

    def write(self, run: str, person: str, value: Any) -> None:
        entry = {"at": "2026-11-20T12:00:00Z", "actor": "stagesync", "connection": "north"}
        entry |= {"object": "contact", "field": "stage", "stage_from": "lead", "stage_to": "mql"}
        lines = [{"score": "fit", "rule": "a", "points": 0.1}, {"score": "fit", "points": 2e-07}]
        own = {"person": person, "id": "7", "before": None, "after": value, "reasons": lines}
        self.add({**entry, **own, "run": run, "result": {"written": True}}, chain=run)

    def close(self, run: str) -> None:
        count, last = self.ends.pop(run)
        told = {"closed": run, "entries": count, "head": last}
        self.add({"at": "2026-11-20T12:01:00Z", "run": run, "actor": "stagesync", "result": told})

    def tell(self, result: Mapping[str, Any]) -> None:
        self.add({"at": "2026-11-20T12:02:00Z", "actor": "ann", "result": result})


def make_log() -> Log:
    """Two runs that overlap, an act by hand between them: entries 3 and 7 to 9 are heads."""
    log = Log()
    log.write("r_1", "p_1", "mql")
    log.write("r_2", "p_2", 'Zoë\'s =1+1, "quoted" \u2028 \\ \U0001f600')
    log.tell({"approved": "pl_1", "values": 2})
    log.write("r_1", "p_2", 1.5)
    log.write("r_1", "p_3", None)
    log.write("r_2", "p_3", {"fit": "high", "a": [1, {"b": 2}]})
    log.close("r_1")
    log.close("r_2")
    log.tell({"retried": 3})
    return log
