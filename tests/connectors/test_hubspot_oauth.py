"""An installed OAuth app: its tokens, their end and their renewal."""

import threading
import time

import pytest

from stagesync.connector import CredentialsRefused, OptionsRefused, Pull, Secret
from stagesync_hubspot.options import read_options

from .hubspot_account import account, pull_all, small_account

CONTACTS = [Pull("contact", ("email",))]


@pytest.fixture
def crm():
    with account(**small_account(time.time())) as opened:
        yield opened


def app_of(crm, **instead):
    """The options of the app that is installed in the simulated account."""
    tokens = crm.sim.tokens
    told = {
        "client_id": tokens.client_id,
        "client_secret": Secret(tokens.client_secret),
        "refresh_token": Secret(tokens.refresh_token),
    }
    return {"token": None, "auth": {"oauth": told | instead}}


def renewals(crm):
    return sum(1 for name, _ in crm.paths() if name == "token")


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_app_reads_with_each_version_of_the_token_endpoint(crm, version):
    """A refresh token is enough to pull everything."""
    connector = crm.connect(api_version=version, **app_of(crm))
    found, _ = pull_all(connector, CONTACTS)
    assert (230, 1) == (len(found["contact"]), renewals(crm))


def test_token_is_renewed_five_minutes_before_its_end(crm):
    """No call meets an expired token: after 24 minutes the old one serves, after 26 a new one."""
    connector = crm.connect(**app_of(crm))
    counts = []
    for wait_s in (0, 24 * 60, 2 * 60):
        crm.clock.sleep(wait_s)
        connector.check()
        counts.append(renewals(crm))
    refused = [one for one in crm.sim.log.entries() if one["status"] == 401]
    assert ([1, 1, 2], []) == (counts, refused)


def test_threads_that_need_a_token_share_one_renewal(crm):
    """Eight threads that start at once ask for one token."""
    connector = crm.connect(in_flight=8, **app_of(crm))
    threads = [threading.Thread(target=connector.check) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (1, 8) == (renewals(crm), connector.calls)


def test_token_called_expired_is_renewed_once_more(crm):
    """EXPIRED_AUTHENTICATION is mended by one renewal; a second one in a row is an error."""
    connector = crm.connect(**app_of(crm))
    connector.check()
    crm.sim.faults.add("expired_token", 1, "account-info")
    connector.check()
    crm.sim.faults.add("expired_token", 2, "account-info")
    with pytest.raises(CredentialsRefused):
        connector.check()
    assert 3 == renewals(crm)


@pytest.mark.parametrize("part", ["refresh_token", "client_secret", "client_id"])
def test_refused_renewal_is_permanent_and_says_what_to_do(crm, part):
    """A revoked refresh token or another app's id ends it at once, with the advice to install again."""
    wrong = "wrong" if part == "client_id" else Secret("wrong")
    connector = crm.connect(**app_of(crm, **{part: wrong}))
    with pytest.raises(CredentialsRefused, match="BAD_REFRESH_TOKEN") as refused:
        connector.check()
    assert (1, True, None) == (
        renewals(crm),
        "install the app" in (refused.value.hint or ""),
        refused.value.retry_after_s,
    )


def test_renewal_is_tried_again_after_a_fault(crm):
    """A token endpoint that is down for a moment costs a moment."""
    crm.sim.faults.add("503", 2, "/token")
    crm.sim.faults.add("cut_before", 1, "/token")
    connector = crm.connect(**app_of(crm))
    connector.check()
    assert 1 == connector.calls


def test_app_keeps_to_its_110_calls(crm):
    """An OAuth app's smaller allowance is kept though the option says 190."""
    connector = crm.connect(**app_of(crm))
    for _ in range(300):
        connector.check()
    assert 0 == sum(1 for one in crm.sim.log.entries() if one["status"] == 429)


def test_app_has_no_day_to_budget(crm):
    """HubSpot tells an OAuth app nothing of the day: only our own count is known."""
    connector = crm.connect(**app_of(crm))
    connector.check()
    told = connector.quota()
    assert (None, None, 1) == (told.used_by_all, told.limit, told.used_by_us)


@pytest.mark.parametrize("both", [True, False])
def test_exactly_one_way_in_is_asked_for(both):
    """A token and an app at once, or neither, is a problem of `token`."""
    oauth = {"client_id": "c", "client_secret": Secret("s"), "refresh_token": Secret("r")}
    given = {"token": Secret("pat"), "auth": {"oauth": oauth}} if both else {}
    with pytest.raises(OptionsRefused) as refused:
        read_options(given)
    assert ["token"] == [key for key, _ in refused.value.problems]


def test_secret_of_the_app_must_be_a_secret():
    """A secret written out in the file is refused, by its full key."""
    oauth = {"client_id": "c", "client_secret": "plain", "refresh_token": Secret("r")}
    with pytest.raises(OptionsRefused) as refused:
        read_options({"auth": {"oauth": oauth}})
    assert ["auth.oauth.client_secret"] == [key for key, _ in refused.value.problems]
