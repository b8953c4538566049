"""What `audit:` in the settings makes of the log's file of heads, its key and its span."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from stagesync.app import open_deployment
from stagesync.engine.heads import LogRules
from stagesync.errors import ArgumentError, DefinitionError


def _rules(folder: Path, audit: str) -> LogRules:
    config = folder / "stagesync.yaml"
    config.write_text(f"vocabulary: standard\naudit: {audit}\n")
    with open_deployment(config) as found:
        return found.deployment.log_rules


def _pem(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_without_a_word_nothing_is_noted_and_nothing_blanked(tmp_path: Path) -> None:
    """The log is kept for ever, and its head is noted nowhere."""
    assert LogRules() == _rules(tmp_path, "{}")


def test_file_key_and_span_count_from_the_settings(tmp_path: Path) -> None:
    """A relative file lies beside the settings; the key signs what its public half confirms."""
    (tmp_path / "key.pem").write_bytes(_pem(Ed25519PrivateKey.generate()))
    told = "{publish_to: heads.jsonl, sign_with: {file: key.pem}, keep: 2d}"
    rules = _rules(tmp_path, told)
    assert (tmp_path / "heads.jsonl", 172_800.0) == (rules.publish_to, rules.keep_s)
    assert rules.key is not None
    sign, check = rules.key()
    assert [True, False] == [check(text, sign(b"a")) for text in (b"a", b"b")]


def test_the_key_may_come_by_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in a variable is as good as one in a file."""
    monkeypatch.setenv("AUDIT_KEY", _pem(Ed25519PrivateKey.generate()).decode())
    rules = _rules(tmp_path, "{publish_to: x, sign_with: {env: AUDIT_KEY}}")
    assert rules.key is not None
    assert rules.key()


@pytest.mark.parametrize(
    ("audit", "words"),
    [
        ("{sign_with: {file: other.pem}}", ":2: audit: `sign_with` needs `publish_to`"),
        ("{keep: long}", ":2: audit.keep: must be a duration"),
        ("{keeps: 2d}", ":2: audit.keeps: is not known; known: publish_to, sign_with, keep"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, audit: str, words: str) -> None:
    """A key without a file to sign, a bad span and an unknown key are problems of the settings."""
    with pytest.raises(DefinitionError) as refused:
        _rules(tmp_path, audit)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("none.pem", "audit.sign_with: the file"),
        ("other.pem", "audit.sign_with is no private Ed25519 key in PEM"),
        ("text.pem", "audit.sign_with is no private Ed25519 key in PEM"),
    ],
)
def test_a_key_that_is_none_stops_no_start(tmp_path: Path, key: str, words: str) -> None:
    """A key of another kind, or one that is not there, is told when something is to be signed."""
    (tmp_path / "other.pem").write_bytes(_pem(X25519PrivateKey.generate()))
    (tmp_path / "text.pem").write_text("no key")
    rules = _rules(tmp_path, f"{{publish_to: x, sign_with: {{file: {key}}}}}")
    assert rules.key is not None
    with pytest.raises(ArgumentError) as refused:
        rules.key()
    assert words in str(refused.value)
