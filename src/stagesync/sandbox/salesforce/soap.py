"""SOAP ``login()``, the legacy way in, which API 65.0 and later do not know.

Only the names of the elements are looked at, never their prefixes: clients disagree about those.

Source: https://help.salesforce.com/s/articleView?id=005132110 (seen 2026-11); the bodies follow
recorded answers, the words of the faults but for the wrong password are an assumption.
"""

import re
from html import escape, unescape

from stagesync.sandbox.salesforce.auth import instance_url
from stagesync.sandbox.salesforce.grants import Door, find_user

LAST_VERSION = 64.0
FIRST_VERSION = 31.0
_WRONG = "Invalid username, password, security token; or user locked out."
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


def answer_soap(door: Door, body: str, *, version: float, base_url: str) -> tuple[int, str]:
    """The HTTP status and the envelope that answer a SOAP call."""
    if version < FIRST_VERSION:
        return _fault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
    call = _called(body)
    if call != "login" or version > LAST_VERSION:
        message = f"No operation available for request {{urn:partner.soap.sforce.com}}{call}"
        return _fault("UNKNOWN_EXCEPTION", f"{message}, please check the WSDL for the service.")
    if not door.org.switches.soap_login:
        message = "SOAP API login() is disabled by default in this org."
        return _fault("INVALID_OPERATION", message)
    user_id = find_user(door, username=_text(body, "username"), password=_text(body, "password"))
    if user_id is None:
        return _fault("INVALID_LOGIN", _WRONG)
    return 200, _success(door, user_id, version=version, base_url=base_url)


def _called(body: str) -> str:
    match = re.search(r"<(?:[\w.-]+:)?Body\b[^>]*>\s*<(?:[\w.-]+:)?([\w.-]+)", body)
    return match[1] if match else ""


def _text(body: str, name: str) -> str:
    pattern = rf"<(?:[\w.-]+:)?{name}\b[^>]*>(.*?)</(?:[\w.-]+:)?{name}\s*>"
    match = re.search(pattern, body, re.DOTALL)
    return unescape(match[1]) if match else ""


def _fault(code: str, message: str) -> tuple[int, str]:
    said = escape(f"{code}: {message}")
    return 500, (
        f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{_ENVELOPE}" '
        'xmlns:sf="urn:fault.partner.soap.sforce.com" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>'
        f"<faultcode>sf:{code}</faultcode><faultstring>{said}</faultstring><detail>"
        f'<sf:LoginFault xsi:type="sf:LoginFault"><sf:exceptionCode>{code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{escape(message)}</sf:exceptionMessage></sf:LoginFault></detail>"
        "</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    )


def _success(door: Door, user_id: str, *, version: float, base_url: str) -> str:
    org = door.org
    user = org.table("User").rows[user_id]
    home = instance_url(org, base_url)
    told = {
        "metadataServerUrl": f"{home}/services/Soap/m/{version}/{org.id[:15]}",
        "passwordExpired": "false",
        "sandbox": "false",
        "serverUrl": f"{home}/services/Soap/u/{version}/{org.id[:15]}",
        "sessionId": door.sessions.open(user_id),
        "userId": user_id,
    }
    about = {
        "organizationId": org.id,
        "organizationName": "Sandbox",
        "profileId": "00eSb0000000001AAA",
        "sessionSecondsValid": str(int(org.switches.session_ttl_s)),
        "userEmail": user["Email"],
        "userFullName": user["Name"],
        "userId": user_id,
        "userLanguage": "en_US",
        "userName": user["Username"],
        "userTimeZone": "GMT",
        "userType": "Standard",
    }
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{_ENVELOPE}" '
        'xmlns="urn:partner.soap.sforce.com"><soapenv:Body><loginResponse><result>'
        f"{_elements(told)}<userInfo>{_elements(about)}</userInfo>"
        "</result></loginResponse></soapenv:Body></soapenv:Envelope>"
    )


def _elements(values: dict[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())
