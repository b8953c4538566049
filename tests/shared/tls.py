"""Certificates for servers of a test, and servers that note who comes to them."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


def certificate_of(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    name: str,
    *extensions: x509.ExtensionType,
) -> bytes:
    """A certificate, in PEM, that nobody vouches for but its own key; good from yesterday on for ten years."""
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=3650))
    )
    for each in extensions:
        builder = builder.add_extension(each, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody vouches for, with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "server.pem"
    path.write_bytes(private + certificate_of(key, "127.0.0.1", alternatives))
    return path


class Listener:
    """A server of one port.

    Attributes:
        url: its address.
        heard: the first bytes of each request, as they arrived behind any encryption.
        visits: how many connections were made, those that came to nothing included.
    """

    def __init__(self, sock: socket.socket, scheme: str) -> None:
        self.url = f"{scheme}://127.0.0.1:{sock.getsockname()[1]}"
        self.heard: list[bytes] = []
        self.visits = 0


@contextmanager
def listening(answer: bytes, *, certificate: Path | None = None) -> Iterator[Listener]:
    """Answers every request so while the block lasts; over TLS with a certificate."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as sock:
        found = Listener(sock, "https" if certificate else "http")
        thread = threading.Thread(target=_serve, args=(sock, context, answer, found), daemon=True)
        thread.start()
        yield found
        sock.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=5)


def _serve(
    sock: socket.socket, context: ssl.SSLContext | None, answer: bytes, found: Listener
) -> None:
    while True:
        try:
            peer, _ = sock.accept()
        except OSError:
            return
        found.visits += 1
        try:
            with context.wrap_socket(peer, server_side=True) if context else peer as inner:
                inner.settimeout(5)
                found.heard.append(inner.recv(65_536))
                inner.sendall(answer)
        except OSError:
            peer.close()
