"""Switches: what the vendors' documents leave open, each with a name, a default and a sentence."""

from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any


def switch(default: Any, text: str) -> Any:
    """A field of a `Switches` dataclass: its default value and what it does."""
    if isinstance(default, dict):
        return field(default_factory=default.copy, metadata={"text": text})
    return field(default=default, metadata={"text": text})


@dataclass(slots=True)
class Switches:
    """The switches every simulator has; a simulator adds its own by subclassing."""

    timeout_s: float = switch(60.0, "How long the fault `timeout` stays silent before it hangs up.")
    slow_s: float = switch(3.0, "How long the fault `slow` waits before it answers rightly.")

    def as_dict(self) -> dict[str, Any]:
        """Every switch with its present value."""
        return asdict(self)

    def describe(self) -> dict[str, str]:
        """Every switch with the sentence that says what it does."""
        return {spec.name: spec.metadata["text"] for spec in fields(self)}

    def update(self, changes: dict[str, Any]) -> None:
        """Sets several switches at once, or none of them.

        Raises:
            ValueError: naming every unknown switch and every value of another kind than the
                switch's default.
        """
        known = {spec.name: spec for spec in fields(self)}
        if unknown := sorted(set(changes) - set(known)):
            raise ValueError(f"unknown settings {unknown}; known: {', '.join(sorted(known))}")
        checked = {
            name: _fit(name, value, _default(known[name])) for name, value in changes.items()
        }
        for name, value in checked.items():
            setattr(self, name, value)


def _default(spec: Any) -> Any:
    return spec.default if spec.default is not MISSING else spec.default_factory()


def _fit(name: str, value: Any, default: Any) -> Any:
    kind = type(default)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ValueError(f"setting {name} takes {kind.__name__}, given {value!r}")
    return value
