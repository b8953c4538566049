"""The rules of permission sets, their assignments and field permissions."""

from stagesync.sandbox.salesforce.checks import Change, duplicate_value
from stagesync.sandbox.salesforce.errors import RowRefusedError
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.rows import Row


def check_setup_row(org: Org, change: Change) -> None:
    """Passes, or raises the refusal; says nothing about other objects."""
    match change.definition.name:
        case "PermissionSet":
            _permission_set(org, change.after)
        case "FieldPermissions":
            _field_permissions(org, change.after)
        case "PermissionSetAssignment":
            same = _twin(org, change, "PermissionSetId", "AssigneeId")
            if same is not None:
                raise duplicate_value("PermissionSetId, AssigneeId", same["Id"])
        case _:
            return


def _twin(org: Org, change: Change, *keys: str) -> Row | None:
    rows = org.table(change.definition.name).rows.values()
    after = change.after
    for row in rows:
        if row["Id"] != after["Id"] and all(row.get(key) == after.get(key) for key in keys):
            return row
    return None


def _permission_set(org: Org, after: Row) -> None:
    after.update(IsCustom=True, IsOwnedByProfile=False, Type="Regular")
    for row in org.table("PermissionSet").rows.values():
        if row["Id"] != after["Id"] and row["Name"].lower() == after["Name"].lower():
            message = (
                f"The permission set name {after['Name']} is already in use. Use a different name."
            )
            raise RowRefusedError("DUPLICATE_DEVELOPER_NAME", message, "Name")


def _field_permissions(org: Org, after: Row) -> None:
    name, _, field_name = str(after["Field"]).partition(".")
    definition = org.objects.get(name)
    if definition is None or name != after["SobjectType"]:
        message = f"Sobject Type Name: bad value for restricted picklist field: {name}"
        raise RowRefusedError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, "SobjectType")
    field = definition.fields.get(field_name)
    if field is None or field.required or not (field.writeable or field.formula):
        message = f"Field Name: bad value for restricted picklist field: {after['Field']}"
        raise RowRefusedError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, "Field")
    if after.get("PermissionsEdit") and not after.get("PermissionsRead"):
        message = "Field permissions cannot grant edit access without read access"
        raise RowRefusedError("FIELD_INTEGRITY_EXCEPTION", message, "PermissionsEdit")
    for row in org.table("FieldPermissions").rows.values():
        same = row["ParentId"] == after["ParentId"] and row["Field"] == after["Field"]
        if same and row["Id"] != after["Id"]:
            raise duplicate_value("ParentId, Field", row["Id"])
