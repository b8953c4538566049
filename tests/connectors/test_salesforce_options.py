"""What a connection may say, and what it is told when it says something else."""

from __future__ import annotations

from typing import Any

import pytest

from stagesync.connector import OptionsRefused, Secret
from stagesync_salesforce.options import read_options

KEY = {"id": "key", "secret": Secret("hush")}
GOOD = {"host": "acme.my.salesforce.com", **KEY}


def auth(**client: Any) -> dict[str, Any]:
    return {"client_credentials": client}


def test_defaults_are_the_vendors() -> None:
    """The least that must be said is a host, a key and a secret."""
    options = read_options({"auth": auth(**GOOD)})
    assert (
        options.login_url,
        options.api_version,
        options.timeout_s,
        options.overlap_s,
        options.page_size,
    ) == (
        "https://acme.my.salesforce.com",
        "64.0",
        30.0,
        600.0,
        2000,
    )


def test_url_stands_for_the_host() -> None:
    """A sandbox on this machine is named by its address over plain http."""
    options = read_options({"auth": auth(**KEY), "url": "http://127.0.0.1:8080/"})
    assert options.login_url == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({}, "auth"),
        ({"auth": {}}, "auth"),
        ({"auth": auth(**KEY)}, ""),
        ({"auth": auth(**KEY), "url": "http://acme.example"}, "url"),
        ({"auth": auth(**KEY), "url": "ftp://127.0.0.1"}, "url"),
        (
            {"auth": auth(**KEY, host="https://acme.my.salesforce.com")},
            "auth.client_credentials.host",
        ),
        ({"auth": auth(**KEY, host="login.salesforce.com")}, "auth.client_credentials.host"),
        ({"auth": auth(**GOOD | {"secret": "plain"})}, "auth.client_credentials.secret"),
        ({"auth": auth(**GOOD), "page_size": 100}, "page_size"),
        ({"auth": auth(**GOOD), "api_version": "latest"}, "api_version"),
        ({"auth": auth(**GOOD), "colour": "red"}, "colour"),
    ],
)
def test_each_mistake_is_named_by_its_key(options: dict[str, Any], key: str) -> None:
    """A mistake is reported under the key where it was made."""
    with pytest.raises(OptionsRefused) as refused:
        read_options(options)
    assert [key] == [problem[0] for problem in refused.value.problems]


def test_all_mistakes_come_at_once_and_without_secrets() -> None:
    """Two mistakes are two problems, and no value is repeated."""
    with pytest.raises(OptionsRefused) as refused:
        read_options({"auth": auth(**GOOD | {"secret": "s3cr3t"}), "timeout_s": 0})
    assert (len(refused.value.problems), "s3cr3t" in str(refused.value)) == (2, False)
