"""How webhook requests are signed, in the three ways HubSpot has had.

Source: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation (seen 2026-11).
"""

import base64
import hashlib
import hmac
import re

# The escapes, and only these, that are decoded in the address before it is signed.
_DECODED = {
    f"%{ord(char):02X}": char
    for char in (":", "/", "?", "@", "!", "$", "'", "(", ")", "*", ",", ";")
}
_ESCAPE = re.compile("|".join(_DECODED), re.IGNORECASE)


def signed_headers(
    secret: str, *, method: str, uri: str, body: str, timestamp_ms: int, old_version: str
) -> dict[str, str]:
    """The headers that prove a request's origin.

    Args:
        old_version: "v1" or "v2", of the older header that is sent as well.
    """
    old = secret + body if old_version == "v1" else secret + method + uri + body
    return {
        "X-HubSpot-Signature": hashlib.sha256(old.encode()).hexdigest(),
        "X-HubSpot-Signature-Version": old_version,
        "X-HubSpot-Signature-v3": signature_v3(
            secret, method=method, uri=uri, body=body, timestamp=str(timestamp_ms)
        ),
        "X-HubSpot-Request-Timestamp": str(timestamp_ms),
    }


def signature_v3(secret: str, *, method: str, uri: str, body: str, timestamp: str) -> str:
    """The third way: Base64 of an HMAC over method, decoded address, body and time."""
    decoded = _ESCAPE.sub(lambda met: _DECODED[met.group().upper()], uri)
    said = f"{method}{decoded}{body}{timestamp}".encode()
    return base64.b64encode(hmac.digest(secret.encode(), said, "sha256")).decode()
