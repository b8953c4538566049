"""Who may come in, as what, and what everybody else is told."""

from __future__ import annotations

import re

import pytest
import requests
from structlog.testing import capture_logs
from tests.engine.bench import make_bench

from console import Console, console_on
from stagesync.engine import logins
from stagesync.engine.logins import Role
from stagesync.store import log
from stagesync.web.rooms import Room
from stagesync.web.site import rooms

PASSWORD = "correct horse battery"


def with_password(console: Console, name: str = "anna", role: Role = Role.VIEWER) -> None:
    now_s = console.bench.clock.now_s()
    with console.bench.store.begin() as tx:
        logins.add(tx, name, role, by="test", now_s=now_s)
        logins.choose_password(tx, name, PASSWORD, by="test", now_s=now_s)


def try_in(
    console: Console, name: str, password: str, *, then: str = "/", **headers: str
) -> requests.Response:
    form = {"name": name, "password": password, "then": then, "token": logins.digest_of("form/")}
    told = {"Origin": console.url, **headers}
    return requests.post(
        f"{console.url}/sign-in", form, headers=told, allow_redirects=False, timeout=9
    )


def test_a_name_and_its_password_come_in(console: Console) -> None:
    """And lead where the reader wanted to go."""
    with_password(console)
    answer = try_in(console, "anna", PASSWORD, then="/me")
    assert (303, "/me") == (answer.status_code, answer.headers["location"])
    cookie = answer.headers["set-cookie"]
    assert all(each in cookie for each in ("stagesync_session=", "HttpOnly", "SameSite=lax"))
    inside = requests.get(f"{console.url}/me", cookies=answer.cookies, timeout=9)
    assert (200, True) == (inside.status_code, "<h1>anna</h1>" in inside.text)


@pytest.mark.parametrize(
    ("name", "password"), [("anna", "wrong horse battery"), ("nobody", PASSWORD), ("anna", "")]
)
def test_a_wrong_one_does_not(console: Console, name: str, password: str) -> None:
    """Nobody learns whether the name is known."""
    with_password(console)
    answer = try_in(console, name, password)
    assert (403, True) == (answer.status_code, "do not belong together" in answer.text)
    assert "set-cookie" not in answer.headers


def test_a_login_without_a_password_comes_in_by_no_password(console: Console) -> None:
    """An empty hash is matched by nothing."""
    now_s = console.bench.clock.now_s()
    with console.bench.store.begin() as tx:
        logins.add(tx, "anna", Role.VIEWER, by="test", now_s=now_s)
    assert 403 == try_in(console, "anna", "").status_code


def test_guessing_is_slowed_down(console: Console) -> None:
    """After eight tries at once a login waits, even for the right password."""
    with_password(console)
    found = [try_in(console, "anna", f"guess number {n}").status_code for n in range(9)]
    assert ([403] * 8 + [429], 429) == (found, try_in(console, "anna", PASSWORD).status_code)


@pytest.mark.parametrize(
    "then",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "\t//x"],
)
def test_nobody_is_sent_elsewhere(console: Console, then: str) -> None:
    """Signing in leads to a page of ours, whatever the address asked for."""
    with_password(console)
    assert "/" == try_in(console, "anna", PASSWORD, then=then).headers["location"]


def test_a_link_signs_in_once(console: Console) -> None:
    """The second time it is refused; a program that only looks at it does not use it up."""
    now_s = console.bench.clock.now_s()
    with console.bench.store.begin() as tx:
        logins.add(tx, "anna", Role.VIEWER, by="test", now_s=now_s)
        link = logins.make_link(tx, "anna", by="test", now_s=now_s)
    requests.get(f"{console.url}/enter?link={link}", timeout=9)
    form = {"link": link, "token": logins.digest_of("form/")}
    found = [
        requests.post(
            f"{console.url}/enter",
            form,
            headers={"Origin": console.url},
            allow_redirects=False,
            timeout=9,
        )
        for _ in range(2)
    ]
    assert [(303, "/me"), (403, None)] == [
        (each.status_code, each.headers.get("location")) for each in found
    ]


def test_a_link_grows_old(console: Console) -> None:
    """After a day it opens nothing."""
    clock = console.bench.clock
    with console.bench.store.begin() as tx:
        logins.add(tx, "anna", Role.VIEWER, by="test", now_s=clock.now_s())
        link = logins.make_link(tx, "anna", by="test", now_s=clock.now_s())
    clock.advance(days=1)
    with console.bench.store.begin() as tx:
        assert logins.use_link(tx, link, now_s=clock.now_s(), for_s=60) is None


def test_a_session_ends_by_itself(console: Console) -> None:
    """Whoever does nothing for eight hours is asked to sign in again; whoever reads on is not."""
    reader = console.reader()
    found = []
    for hours in (7, 7, 8):
        console.bench.clock.advance(seconds=hours * 3600)
        found.append(reader.get("/me", allow_redirects=False).status_code)
    assert [200, 200, 303] == found


def test_signing_out_ends_the_session(console: Console) -> None:
    """The cookie that was opens nothing any more."""
    reader = console.reader()
    kept = dict(reader.http.cookies)
    reader.post("/sign-out")
    again = requests.get(f"{console.url}/me", cookies=kept, allow_redirects=False, timeout=9)
    assert 303 == again.status_code


def test_a_new_password_signs_everybody_else_out(console: Console) -> None:
    """Whoever came in by the old one is out; the one who changed it stays."""
    with_password(console)
    old = {"stagesync_session": try_in(console, "anna", PASSWORD).cookies["stagesync_session"]}
    reader = console.reader(None)
    reader.http.cookies.update(try_in(console, "anna", PASSWORD).cookies)
    answer = reader.post("/me/password", {"old": PASSWORD, "new": "quite another one"})
    assert 200 == answer.status_code, answer.text
    stays = reader.get("/me", allow_redirects=False).status_code
    out = requests.get(
        f"{console.url}/me", cookies=old, allow_redirects=False, timeout=9
    ).status_code
    assert (200, 303) == (stays, out)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("not the old one", "quite another one", "not your present password"),
        (PASSWORD, "short", "12 to 200 characters"),
        (PASSWORD, "anna-anna-anna-1", "guessed too easily"),
        (PASSWORD, "aaaaaaaaaaaaaaaa", "guessed too easily"),
    ],
)
def test_a_bad_password_is_not_taken(console: Console, old: str, new: str, why: str) -> None:
    """The old one stays."""
    with_password(console)
    reader = console.reader(None)
    reader.http.cookies.update(try_in(console, "anna", PASSWORD).cookies)
    answer = reader.post("/me/password", {"old": old, "new": new})
    assert (422, True) == (answer.status_code, why in answer.text)


def example_of(room: Room) -> str:
    """An address of the room, with some number or word for each part that varies."""
    return re.sub(r"{(\w+)}", r"\1", re.sub(r"{\w+:int}", "1", room.path))


def test_no_page_is_shown_to_strangers(console: Console) -> None:
    """Every address that asks for a role sends whoever is not signed in to the sign-in page, or refuses."""
    stranger = console.reader(None)
    for room in rooms():
        path = example_of(room)
        if room.role is None:
            continue
        if room.method == "GET":
            answer = stranger.get(path, allow_redirects=False)
            assert (303, True) == (answer.status_code, "/sign-in" in answer.headers["location"]), (
                path
            )
        else:
            assert 401 == stranger.post(path, allow_redirects=False).status_code, path


@pytest.mark.parametrize("role", list(Role))
def test_no_role_does_more_than_it_may(console: Console, role: Role) -> None:
    """Every address above a role refuses it; every one at or below lets it past the door."""
    reader = console.reader(role)
    for room in rooms():
        path = example_of(room)
        if room.role is None or path == "/sign-out":
            continue
        ask = reader.get if room.method == "GET" else reader.post
        answer = ask(path, allow_redirects=False)
        assert (answer.status_code == 403) == (room.role > role), (path, answer.status_code)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused(console: Console, headers: dict[str, str]) -> None:
    """Whatever its token, nothing is done."""
    reader = console.reader(Role.ADMIN)
    form = {"token": reader.token(), "name": "mallory", "role": "admin"}
    told = {"Origin": console.url, **headers}
    answer = reader.http.post(f"{console.url}/users", form, headers=told, timeout=9)
    assert (403, False) == (answer.status_code, "mallory" in reader.get("/users").text)


@pytest.mark.parametrize("token", ["", "0" * 64, logins.digest_of("form/")])
def test_a_form_without_its_token_is_refused(console: Console, token: str) -> None:
    """A token of no session, or of somebody else's, opens nothing."""
    reader = console.reader(Role.ADMIN)
    answer = reader.post("/users", {"token": token, "name": "mallory", "role": "admin"})
    assert (403, False) == (answer.status_code, "mallory" in reader.get("/users").text)


def test_another_name_is_not_answered(console: Console) -> None:
    """A page of another name that resolves to this machine reaches nothing here."""
    answer = requests.get(f"{console.url}/sign-in", headers={"Host": "evil.example"}, timeout=9)
    assert 421 == answer.status_code


def test_pages_forbid_what_they_do_not_need(console: Console) -> None:
    """No script but our files, no frame, no other host, nothing kept by caches."""
    for path in ("/sign-in", "/nowhere"):
        told = {"Accept": "text/html"}
        headers = requests.get(console.url + path, headers=told, timeout=9).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert ("nosniff", "no-store") == (
            headers["x-content-type-options"],
            headers["cache-control"],
        )


def test_a_form_that_is_too_large_is_not_read(console: Console) -> None:
    """413, and the server lives on."""
    reader = console.reader(Role.ADMIN)
    assert 413 == reader.post("/users", {"name": "x" * 100_000}).status_code
    assert 200 == reader.get("/users").status_code


def test_what_breaks_is_told_to_the_log_without_its_words(console: Console) -> None:
    """The reader gets a page that says so, the log a type and a place."""
    reader = console.reader(Role.ADMIN)
    with capture_logs() as logs:
        console.bench.deployment.store._reader = None
        console.bench.store.close()
        answer = reader.get("/users")
    assert answer.status_code in (500, 503)
    assert {"warning"} >= {each["log_level"] for each in logs}


def test_admins_say_who_may_sign_in(console: Console) -> None:
    """A new login gets a link; its role changes; it goes; and the log has each with who did it."""
    reader = console.reader(Role.ADMIN)
    made = reader.post("/users", {"name": "bert", "role": "editor"})
    assert "/enter?link=" in made.text
    reader.post("/users/bert/role", {"role": "approver"})
    reader.post("/users/bert/remove")
    with console.bench.store.begin() as tx:
        told = list(log.read(tx))
    results = [each["result"] for each in told if each["actor"].endswith("(console)")]
    assert [
        {"login": "bert", "added": "editor"},
        {"login": "bert", "link": "made"},
        {"login": "bert", "role": "approver", "before": "editor"},
        {"login": "bert", "removed": True},
    ] == results


def test_the_last_admin_stays(console: Console) -> None:
    """Nobody can lock everybody out."""
    reader = console.reader(Role.ADMIN)
    answer = reader.post("/users/admin-0/role", {"role": "viewer"})
    assert (422, True) == (answer.status_code, "last admin" in answer.text)


def test_pages_speak_the_readers_language(console: Console) -> None:
    """As the browser asks, and as the reader chose from then on."""
    reader = console.reader(language="fr")
    assert '<html lang="fr">' in reader.get("/me").text
    reader.post("/language", {"language": "en", "then": "/me"})
    assert '<html lang="en">' in reader.get("/me").text


def test_a_server_without_console_has_none() -> None:
    """`web.console: no` leaves the webhooks alone."""
    bench = make_bench()
    with console_on(bench, console=False) as console:
        assert 404 == requests.get(f"{console.url}/sign-in", timeout=9).status_code
    bench.store.close()
