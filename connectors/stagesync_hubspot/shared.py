"""What all connections of this process to one HubSpot account have in common.

HubSpot allows an account five searches per second over all its programs, and ten seconds' calls
per token. Two connections that each kept to that alone would together send twice as much.
Until `check` has told the account's number, the token stands for the account.
"""

from __future__ import annotations

import hashlib
import threading
from weakref import WeakValueDictionary

from stagesync.connector import Clock, Limit, Pacer
from stagesync_hubspot import api
from stagesync_hubspot.budget import Budget
from stagesync_hubspot.options import Options

_Key = tuple[str, str, int]


class Account:
    """The pace of searches, and the day's budget."""

    def __init__(self, options: Options, *, clock: Clock) -> None:
        limit = Limit(options.searches_per_s, api.SEARCH_WINDOW_S)
        self.pacer = Pacer(clock, {"search": limit})
        self.budget = Budget(share=options.daily_share, stop_at=options.stop_at)


class Token:
    """The pace of all calls with one token, and the limit that it follows."""

    def __init__(self, options: Options, *, clock: Clock) -> None:
        self.limit = burst(options.burst_calls)
        self.pacer = Pacer(clock, {"burst": self.limit})


_accounts: WeakValueDictionary[_Key, Account] = WeakValueDictionary()
_tokens: WeakValueDictionary[_Key, Token] = WeakValueDictionary()
_lock = threading.Lock()


def burst(calls: int) -> Limit:
    """A limit per ten seconds, less the head room."""
    return Limit(calls - api.HEAD_ROOM_CALLS, api.BURST_WINDOW_S)


def account(options: Options, *, clock: Clock, portal: str = "") -> Account:
    """The one that stands for this account.

    Args:
        portal: the account's number; empty while unknown.
    """
    key = (options.url, portal or _digest(options), id(clock))
    with _lock:
        found = _accounts.get(key)
        if found is None:
            found = _accounts[key] = Account(options, clock=clock)
        return found


def token(options: Options, *, clock: Clock) -> Token:
    """The one that stands for this token."""
    key = (options.url, _digest(options), id(clock))
    with _lock:
        found = _tokens.get(key)
        if found is None:
            found = _tokens[key] = Token(options, clock=clock)
        return found


def _digest(options: Options) -> str:
    return hashlib.sha256(options.identity.reveal().encode()).hexdigest()
