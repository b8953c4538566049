"""Lists of people and of accounts: found by words, by stage and level; who moved last first.

What is looked for may name somebody: it is sent by POST, so that it stands in no address and no history.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from stagesync.engine.lists import Filter, listed
from stagesync.engine.logins import Role
from stagesync.store.people import Kind
from stagesync.web.ask import Ask
from stagesync.web.rooms import act, page

PATHS: dict[Kind, str] = {"person": "/people", "account": "/accounts"}


def people(ask: Ask) -> Response:
    """People, who moved last first."""
    return _list(ask, "person")


def accounts(ask: Ask) -> Response:
    """Accounts, which moved last first."""
    return _list(ask, "account")


def _list(ask: Ask, kind: Kind) -> Response:
    wanted = _filter(ask, kind)
    if ask.request.method == "POST" and not wanted.words and not ask.is_part:
        return ask.go(_address(wanted))
    after = "" if ask.request.method == "POST" else ask.query.get("after", "")
    with ask.read() as tx:
        found = listed(tx, ask.deployment, wanted, after=after, now_s=ask.now_s)
        company = (
            listed(
                tx, ask.deployment, Filter("account", words=wanted.account), now_s=ask.now_s, most=1
            )["rows"]
            if wanted.account
            else []
        )
    answer = ask.page(
        "_people.html" if ask.is_part else "people.html",
        kind=kind,
        wanted=wanted,
        found=found,
        is_first=not after,
        company=company[0] if company else None,
        address=_address(wanted),
        more=_address(wanted, after=found["after"]) if found["after"] else "",
        path=PATHS[kind],
    )
    if ask.is_part and ask.request.method == "POST":
        # The address tells the filter, never the words.
        answer.headers["HX-Push-Url"] = ask.url(_address(wanted))
    return answer


def _filter(ask: Ask, kind: Kind) -> Filter:
    vocabulary, _, stage = ask.text("stage").partition("/")
    levels = {axis.name: ask.text(f"at-{axis.name}") for axis in ask.deployment.policy.axes}
    return Filter(
        kind,
        words=ask.text("words")[:200] if ask.request.method == "POST" else "",
        stages={vocabulary: stage} if stage else {},
        levels={axis: level for axis, level in levels.items() if level},
        account=(ask.text("account") or None) if kind == "person" else None,
    )


def _address(wanted: Filter, **more: str) -> str:
    asked: dict[str, Any] = {
        "stage": next((f"{name}/{stage}" for name, stage in wanted.stages.items()), ""),
        "account": wanted.account or "",
        **{f"at-{axis}": level for axis, level in wanted.levels.items()},
        **more,
    }
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{PATHS[wanted.kind]}?{query}" if query else PATHS[wanted.kind]


ROOMS = (
    page("/people", people),
    act("/people", people, role=Role.VIEWER),
    page("/accounts", accounts),
    act("/accounts", accounts, role=Role.VIEWER),
)
