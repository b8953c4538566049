"""SOAP `login()`: a legacy, for orgs that offer no other way in.

It does not exist in API 65.0 and later and ends for good in Summer '27; new orgs have it off. Only
local names of elements are looked at: senders disagree about prefixes.

Source: https://help.salesforce.com/s/articleView?id=005132110 (seen 2026-11)
"""

from __future__ import annotations

import re
from html import escape, unescape

from stagesync.connector import AnswerUnreadable, CredentialsRefused, Origin, Reach, Secret
from stagesync_salesforce import api
from stagesync_salesforce.credentials import SoapLogin, text_of
from stagesync_salesforce.failures import failure_of
from stagesync_salesforce.steps import Login, LoginAnswer, LoginRequest, Session, instance_of

_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:p="urn:partner.soap.sforce.com">'
    "<e:Header><p:CallOptions><p:client>stagesync</p:client></p:CallOptions></e:Header>"
    "<e:Body><p:login><p:username>{username}</p:username><p:password>{password}</p:password>"
    "</p:login></e:Body></e:Envelope>"
)
_HINTS = {
    "INVALID_LOGIN": "check username, password and security token, and that the user is not locked",
    "INVALID_OPERATION": "the org has SOAP login off: use client_credentials or jwt_bearer",
    "LOGIN_MUST_USE_SECURITY_TOKEN": "set auth.soap_login.security_token",
    "PASSWORD_LOCKOUT": "unlock the user",
}


def soap_login(way: SoapLogin, *, reach: Reach, version: str) -> Login:
    """Logs in with a user's password and security token."""
    token = way.security_token.reveal() if way.security_token else ""
    body = _ENVELOPE.format(
        username=escape(text_of(way.username)), password=escape(way.password.reveal() + token)
    )
    answer = yield LoginRequest(
        f"{reach.home.url}{api.SOAP_PATH}{version}",
        headers={"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": "login"},
        body=body.encode(),
    )
    return _session(answer, reach=reach)


def _session(answer: LoginAnswer, *, reach: Reach) -> Session:
    text = answer.body.decode("utf-8", "replace")
    if code := _element(text, "exceptionCode"):
        raise _refused(code, text)
    if answer.status != 200:
        raise failure_of(answer.status, text)
    token, server = _element(text, "sessionId"), Origin.of(_element(text, "serverUrl"))
    if not token or server is None:
        raise AnswerUnreadable("the login at Salesforce answered no session")
    if _element(text, "passwordExpired") == "true":
        raise CredentialsRefused("the password of the Salesforce user has expired")
    home = instance_of(server.url, reach=reach)
    return Session(Secret(token), home, _element(text, "userId"))


def _refused(code: str, text: str) -> Exception:
    if code in api.BUSY_CODES or code == "REQUEST_LIMIT_EXCEEDED":
        problem = {"errorCode": code, "message": _element(text, "exceptionMessage")}
        return failure_of(500, [problem])
    return CredentialsRefused(f"Salesforce refuses the login ({code})", hint=_HINTS.get(code))


def _element(text: str, name: str) -> str:
    found = re.search(rf"<(?:[\w.-]+:)?{name}\b[^<>/]*>([^<]*)<", text)
    return unescape(found[1]).strip() if found else ""
