"""Secrets are named in the settings, read late, and never shown."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from stagesync.connector import Secret
from stagesync.settings.secrets import SecretsMissing, read_secrets


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """`{env: NAME}` is the variable's text; other options stay as they are."""
    monkeypatch.setenv("NORTH_TOKEN", "s3cret")
    found = read_secrets(
        {"token": {"env": "NORTH_TOKEN"}, "url": "https://x.example"}, Secret, folder=Path()
    )
    assert isinstance(found["token"], Secret)
    assert ("s3cret", "https://x.example") == (found["token"].reveal(), found["url"])


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    """`{file: PATH}` is the file's text without the blanks around it."""
    (tmp_path / "token").write_text("s3cret\n")
    found = read_secrets({"token": {"file": str(tmp_path / "token")}}, Secret, folder=Path())
    assert "s3cret" == found["token"].reveal()


def test_secrets_stand_at_any_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mapping that is no secret itself may hold some."""
    monkeypatch.setenv("KEY", "s3cret")
    found = read_secrets({"auth": {"key": {"env": "KEY"}, "user": "ann"}}, Secret, folder=Path())
    assert ("s3cret", "ann") == (found["auth"]["key"].reveal(), found["auth"]["user"])


def refusal(options: dict[str, object]) -> tuple[tuple[str, str], ...]:
    with pytest.raises(SecretsMissing) as refused:
        read_secrets(options, Secret, folder=Path())
    return refused.value.problems


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """A variable that is not set, or empty, is refused by its name."""
    monkeypatch.delenv("NORTH_TOKEN", raising=False)
    if value is not None:
        monkeypatch.setenv("NORTH_TOKEN", value)
    assert (("token", "the environment variable NORTH_TOKEN is not set"),) == refusal(
        {"token": {"env": "NORTH_TOKEN"}}
    )


def test_all_missing_secrets_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Files and variables that are not there are told together, each with its key."""
    monkeypatch.delenv("KEY", raising=False)
    path = tmp_path / "nowhere"
    assert (
        ("auth.key", "the environment variable KEY is not set"),
        ("token", f"the file {path} cannot be read"),
    ) == refusal({"auth": {"key": {"env": "KEY"}}, "token": {"file": str(path)}})


def test_a_secret_never_shows_itself() -> None:
    """Neither its text form nor its representation holds it."""
    secret = Secret("s3cret")
    assert "s3cret" not in f"{secret} {secret!r}"


def test_a_relative_file_counts_from_the_settings(tmp_path: Path) -> None:
    """A secret's relative path is beside the settings file, wherever the command is started."""
    (tmp_path / "token").write_text("xyz\n", encoding="utf-8")
    found = read_secrets({"token": {"file": "token"}}, Secret, folder=tmp_path)
    assert found["token"].reveal() == "xyz"


@pytest.mark.parametrize(("mode", "told"), [(0o600, 0), (0o640, 0), (0o644, 1), (0o602, 1)])
def test_a_secret_that_everybody_may_read_is_told(tmp_path: Path, mode: int, told: int) -> None:
    """A file open to all users of the machine is a warning that names it and the fix; its text is not told."""
    path = tmp_path / "token"
    path.write_text("s3cret")
    path.chmod(mode)
    with capture_logs() as logs:
        read_secrets({"token": {"file": str(path)}}, Secret, folder=tmp_path)
    assert [f"chmod o= {path}"] * told == [each["fix"] for each in logs]
    assert "s3cret" not in str(logs)
