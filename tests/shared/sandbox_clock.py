"""A clock for connectors under test: it reads the simulator's time, and waiting moves it."""

from stagesync.sandbox.clock import SimClock


class SandboxClock:
    """Follows a simulator's clock; a sleep takes no real time.

    Attributes:
        slept_s: every sleep asked for, in order.
    """

    def __init__(self, simulated: SimClock) -> None:
        self._simulated = simulated
        self.slept_s: list[float] = []

    def now_s(self) -> float:
        return self._simulated.now()

    def monotonic_s(self) -> float:
        return self._simulated.now()

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self._simulated.advance(seconds)
