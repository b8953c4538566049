"""Person accounts: an account and a contact that are one human.

The account is the record that is written; the contact follows it with the same stamps and refuses
writes of its own. Custom fields of contacts show on accounts as ``X__pc``.

Source: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/
sforce_api_guidelines_personaccounts.htm (seen 2026-11). That the contact refuses every write, and in
these words, is an assumption.
"""

from collections.abc import Mapping
from dataclasses import replace

from stagesync.sandbox.salesforce.errors import RowRefusedError
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import FieldDef, read_field

_PARTS = ("Street", "City", "State", "PostalCode", "Country")
_SAME = ("FirstName", "LastName", "Salutation", "Phone", "OwnerId")
_PREFIXED = (
    "Email",
    "Title",
    "MobilePhone",
    "HomePhone",
    "LeadSource",
    "Department",
    "Birthdate",
    "HasOptedOutOfEmail",
    "DoNotCall",
    *(f"Mailing{part}" for part in _PARTS),
)
_FLAG = "IsPersonAccount boolean -c -u"
_KEY = "PersonContactId reference -c -u >Contact:PersonContact"


def enable(org: Org) -> None:
    """Adds the fields of the feature, once; a lead then needs no company."""
    account, contact, lead = (org.objects[name] for name in ("Account", "Contact", "Lead"))
    if "IsPersonAccount" in account.fields:
        _mirror_fields(org)
        return
    for definition in (account, contact):
        definition.fields["IsPersonAccount"] = read_field(_FLAG)
    account.fields["PersonContactId"] = read_field(_KEY)
    for name in _SAME[:3]:
        account.fields[name] = replace(contact.fields[name], required=False)
    for name in _PREFIXED:
        source = contact.fields[name]
        label = f"Person {source.label}"
        account.fields[f"Person{name}"] = replace(source, name=f"Person{name}", label=label)
    lead.fields["Company"] = replace(lead.fields["Company"], required=False)
    for definition in (account, contact, lead):
        definition.index()
    org.setup_changed()
    _mirror_fields(org)


def _mirror_fields(org: Org) -> None:
    """Gives accounts the custom fields of contacts, and takes away those that are gone."""
    account = org.objects["Account"]
    wanted = {
        f"{name.removesuffix('__c')}__pc": _as_person(field)
        for name, field in org.objects["Contact"].fields.items()
        if field.custom
    }
    present = {name: field for name, field in account.fields.items() if name.endswith("__pc")}
    if present == wanted:
        return
    for name in present:
        del account.fields[name]
    account.fields.update(wanted)
    account.index()
    org.setup_changed()


def _as_person(field: FieldDef) -> FieldDef:
    return replace(field, name=f"{field.name.removesuffix('__c')}__pc", track_history=False)


def _pairs(org: Org) -> dict[str, str]:
    """The fields that both rows share: account's name, contact's name."""
    own = {name: name for name in _SAME} | {f"Person{name}": name for name in _PREFIXED}
    fields = org.objects["Account"].fields
    return own | {n: f"{n.removesuffix('__pc')}__c" for n in fields if n.endswith("__pc")}


def prepare(org: Org, name: str, *, values: Mapping[str, object], after: Row) -> None:
    """Makes an account a person where it is written as one.

    Raises:
        RowRefusedError: for a name on a person, a person's field on a firm, or a write to the
            contact of a person.
    """
    if name == "Contact" and after.get("IsPersonAccount") and values:
        raise _refused(sorted(values))
    if name != "Account" or not org.switches.person_accounts:
        return
    theirs = _pairs(org).keys() - {"Phone", "OwnerId"}
    new = "SystemModstamp" not in after
    if new and after.get("LastName"):
        after["IsPersonAccount"] = True
        after["PersonContactId"] = org.new_id("Contact")
    sent = {key for key, value in values.items() if value is not None}
    if after.get("IsPersonAccount"):
        wrong = sent & {"Name"}
        name_account(after)
    else:
        wrong = {key for key in sent & theirs if values[key] is not False}
    if wrong:
        raise _refused(sorted(wrong))


def name_account(row: Row) -> None:
    """A person account is called what its person is called."""
    row["Name"] = " ".join(part for part in (row.get("FirstName"), row.get("LastName")) if part)


def _refused(names: list[str]) -> RowRefusedError:
    message = (
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings "
        "of this field and verify that it is read/write for your profile or permission set."
    )
    return RowRefusedError("INVALID_FIELD_FOR_INSERT_UPDATE", message, *names)


def mirrored(org: Org, account: Row) -> tuple[Row | None, Row] | None:
    """The contact of a person account, before and after it follows; None for a firm."""
    if not account.get("IsPersonAccount"):
        return None
    before = org.table("Contact").rows.get(account["PersonContactId"])
    after: Row = dict(before or {}) | {
        "Id": account["PersonContactId"],
        "AccountId": account["Id"],
        "IsPersonAccount": True,
        "Name": account["Name"],
        "IsDeleted": bool(account.get("IsDeleted")),
    }
    for source, target in _pairs(org).items():
        after[target] = account.get(source)
    for key in ("LastModifiedDate", "LastModifiedById", "SystemModstamp"):
        after[key] = account[key]
    if before is None:
        after |= {key: account[key] for key in ("CreatedDate", "CreatedById")}
    return before, {key: value for key, value in after.items() if value is not None}
