"""An answer that goes on for ever is given up: in time, and before the memory is full."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import urllib3

from stagesync.connector import AnswerUnreadable, Unavailable, read_within

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


@pytest.fixture
def server() -> Iterator[tuple[str, list[float]]]:
    """A server that answers a piece at a time, for as long as somebody listens; its pause between pieces can be set."""
    listening = socket.create_server(("127.0.0.1", 0))
    pause_s = [0.0]

    def answer() -> None:
        while True:
            try:
                peer, _ = listening.accept()
            except OSError:
                return
            with peer:
                peer.recv(4096)
                try:
                    peer.sendall(HEAD)
                    while True:
                        peer.sendall(b" " * (1 if pause_s[0] else 65_536))
                        time.sleep(pause_s[0])
                except OSError:
                    continue

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/", pause_s
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


def ask(url: str, *, silence_s: float, largest: int = 2**20) -> bytes:
    with urllib3.PoolManager() as pool:
        answer = pool.request("GET", url, preload_content=False, timeout=silence_s)
        return b"".join(read_within(answer, silence_s=silence_s, largest=largest))


def test_an_answer_has_a_size(server: tuple[str, list[float]]) -> None:
    """What grows beyond it is unreadable, and is not asked for again at once."""
    with pytest.raises(AnswerUnreadable, match="did not end after 1048576 bytes") as given_up:
        ask(server[0], silence_s=30.0)
    assert None is given_up.value.retry_after_s


def test_an_answer_has_an_end(server: tuple[str, list[float]]) -> None:
    """A byte now and then is no silence, and all the same no answer; a later run asks again."""
    url, pause_s = server
    pause_s[0] = 0.01
    began = time.monotonic()
    with pytest.raises(Unavailable, match="did not end within 1 s") as given_up:
        ask(url, silence_s=0.1)
    assert time.monotonic() - began < 5.0
    assert 120.0 == given_up.value.retry_after_s
