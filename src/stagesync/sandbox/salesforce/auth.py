"""Logging in: the token endpoint, the identity, and the page that hands out authorization codes.

Token errors are one JSON object, unlike the list of the REST API.

Source: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm
(seen 2026-11)
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from stagesync.sandbox.salesforce.grants import GRANTS, Door, TokenRefusedError, TokenRequest
from stagesync.sandbox.salesforce.org import Org

SCOPES = "api"


def grant_token(door: Door, request: TokenRequest) -> dict[str, Any]:
    """The answer of the token endpoint.

    Raises:
        TokenRefusedError: with the vendor's error object.
    """
    grant = GRANTS.get(request.form.get("grant_type", ""))
    if grant is None:
        raise TokenRefusedError("unsupported_grant_type", "grant type not supported")
    granted = grant(request, door)
    org = door.org
    token = door.sessions.open(granted.user_id, line=granted.line)
    who = f"{request.base_url}/id/{org.id}/{granted.user_id}"
    issued_at = str(int(org.clock.now() * 1000))
    signature = hashlib.sha256(f"{who}{issued_at}{door.app.client_secret}".encode()).digest()
    body = {
        "access_token": token,
        "signature": base64.b64encode(signature).decode(),
        "scope": SCOPES,
        "instance_url": instance_url(org, request.base_url),
        "id": who,
        "token_type": "Bearer",
        "issued_at": issued_at,
    }
    return body | ({"refresh_token": granted.refresh_token} if granted.refresh_token else {})


def instance_url(org: Org, base_url: str) -> str:
    """Where the org is: where it has moved, or wherever the caller found it."""
    return org.switches.instance_url.rstrip("/") or base_url


def hand_out_code(door: Door, query: Mapping[str, str]) -> str:
    """The address that a browser is sent back to; the user always agrees.

    Raises:
        TokenRefusedError: for another client, another response type or no redirect address.
    """
    if query.get("client_id") != door.app.client_id:
        raise TokenRefusedError("invalid_client_id", "client identifier invalid")
    if query.get("response_type") != "code":
        raise TokenRefusedError("unsupported_response_type", "response type not supported")
    target = query.get("redirect_uri", "")
    if not target.startswith(("http://", "https://")):
        raise TokenRefusedError("redirect_uri_mismatch", "redirect_uri must match configuration")
    code = f"aPrx{door.org.random.getrandbits(256):064x}"
    door.codes[code] = query.get("code_challenge", "")
    state = {"state": query["state"]} if "state" in query else {}
    return f"{target}{'&' if '?' in target else '?'}{urlencode({'code': code} | state)}"


def identity(org: Org, user_id: str, *, base_url: str) -> dict[str, Any]:
    """Who a token belongs to."""
    user = org.table("User").rows[user_id]
    rest = f"{base_url}/services/data/v{{version}}/"
    return {
        "id": f"{base_url}/id/{org.id}/{user_id}",
        "asserted_user": True,
        "user_id": user_id,
        "organization_id": org.id,
        "username": user["Username"],
        "nick_name": user["Alias"],
        "display_name": user["Name"],
        "email": user["Email"],
        "first_name": user["FirstName"],
        "last_name": user["LastName"],
        "timezone": "GMT",
        "active": True,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
        "urls": {
            "rest": rest,
            "sobjects": f"{rest}sobjects/",
            "query": f"{rest}query/",
            "custom_domain": base_url,
        },
    }
