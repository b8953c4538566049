"""Person accounts: an account and a contact that are one human.

The contact is the person to us. Its row can be read but not written: what is written goes to the
account, where a contact's field has another name (`Lifecycle_Stage__pc`, `PersonTitle`). Such an
account is no company, so no company read shows it, and the contact names no account.

Source: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_guidelines_personaccounts.htm
(seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stagesync.connector import Write, WriteResult
from stagesync_salesforce import api, soql
from stagesync_salesforce.known import Known
from stagesync_salesforce.read import query_rows
from stagesync_salesforce.transport import Transport

# Fields of a contact that have the same name on a person account.
_SAME = frozenset({"firstname", "lastname", "salutation", "phone", "ownerid"})


def conditions(spec: api.SObject, *, persons: bool) -> tuple[str, ...]:
    """What a query for live or deleted records says on top, in an org that has them."""
    return (f"{api.PERSON} = false",) if persons and spec.name == "Account" else ()


def columns(spec: api.SObject, *, persons: bool) -> tuple[str, ...]:
    """What a query selects on top, in an org that has them."""
    return (api.PERSON,) if persons and spec.name == "Contact" else ()


def account_field(name: str) -> str:
    """What a contact's field is called on a person account."""
    if name.endswith("__c"):
        return f"{name.removesuffix('__c')}__pc"
    return name if name.lower() in _SAME else f"Person{name}"


def contact_field(name: str) -> str:
    """What a person account's field is called on its contact."""
    if name.endswith("__pc"):
        return f"{name.removesuffix('__pc')}__c"
    return name.removeprefix("Person")


def through_accounts(
    transport: Transport, writes: Sequence[Write], known: Known
) -> dict[tuple[str, str], Write]:
    """Contact -> the write to its person account, for the contacts that are one half of one.

    Costs one call where the org has person accounts and a contact is not known yet.
    """
    if not known.persons:
        return {}
    contacts = [item for item in writes if item.object == "contact"]
    _look_up(transport, [item.id for item in contacts], known)
    return {
        (item.object, item.id): _to_account(item, account)
        for item in contacts
        if (account := known.halves.get(item.id))
    }


def _look_up(transport: Transport, ids: Sequence[str], known: Known) -> None:
    unknown = sorted({each for each in ids if each not in known.halves})
    for start in range(0, len(unknown), api.RETRIEVE_SIZE):
        asked = unknown[start : start + api.RETRIEVE_SIZE]
        text = soql.select(
            ["Id", "AccountId"], "Contact", f"{api.PERSON} = true", soql.within("Id", asked)
        )
        known.halves |= dict.fromkeys(asked, "")
        known.halves |= {row["Id"]: str(row["AccountId"]) for row in query_rows(transport, text)}


def _to_account(item: Write, account: str) -> Write:
    values = {account_field(name): value for name, value in item.values.items()}
    return Write("account", account, values, together=account)


def back(result: WriteResult, item: Write) -> WriteResult:
    """The result of a write to a person account as one of the write to its contact."""
    fields = tuple(contact_field(name) for name in result.fields)
    return replace(result, write=item, fields=fields)
