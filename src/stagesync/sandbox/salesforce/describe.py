"""Global and object describe, in the shape that real orgs answer with.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-sobject-describe
(seen 2026-11)
"""

from typing import Any

from stagesync.sandbox.salesforce.ids import PREFIXES
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.recordtypes import record_type_infos
from stagesync.sandbox.salesforce.schema.fields import FieldDef, ObjectDef

_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
_SYSTEM = frozenset(
    {
        "Id",
        "IsDeleted",
        "CreatedDate",
        "CreatedById",
        "LastModifiedDate",
        "LastModifiedById",
        "SystemModstamp",
    }
)
_NAME_PARTS = frozenset({"FirstName", "LastName", "Salutation"})
# What no field of the simulator differs in.
_SAME_FOR_ALL: dict[str, Any] = {
    "aiPredictionField": False,
    "autoNumber": False,
    "cascadeDelete": False,
    "caseSensitive": False,
    "controllerName": None,
    "defaultValueFormula": None,
    "dependentPicklist": False,
    "deprecatedAndHidden": False,
    "displayLocationInDecimal": False,
    "encrypted": False,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "highScaleNumber": False,
    "htmlFormatted": False,
    "inlineHelpText": None,
    "mask": None,
    "maskType": None,
    "queryByDistance": False,
    "referenceTargetField": None,
    "relationshipOrder": None,
    "restrictedDelete": False,
    "searchPrefilterable": False,
    "writeRequiresMasterRead": False,
}
_SAME_FOR_OBJECTS: dict[str, Any] = {
    "activateable": False,
    "associateEntityType": None,
    "associateParentEntity": None,
    "custom": False,
    "customSetting": False,
    "deepCloneable": False,
    "deprecatedAndHidden": False,
    "feedEnabled": False,
    "hasSubtypes": False,
    "isInterface": False,
    "isSubtype": False,
    "layoutable": True,
    "mruEnabled": True,
    "queryable": True,
    "replicateable": True,
    "retrieveable": True,
    "searchable": True,
    "triggerable": True,
}


def describe_global(org: Org, *, root: str) -> dict[str, Any]:
    """Every object, without its fields."""
    objects = [_header(item, root=root) for item in org.objects.values()]
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": sorted(objects, key=lambda item: str(item["name"])),
    }


def describe_object(org: Org, definition: ObjectDef, *, root: str) -> dict[str, Any]:
    """One object with the fields that the running user may see."""
    fields = org.readable(definition).values()
    body = _header(definition, root=root) | {
        "actionOverrides": [],
        "childRelationships": _children(org, definition),
        "compactLayoutable": True,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [_field(org, definition, field) for field in fields],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": record_type_infos(org, definition.name, root=root),
        "searchLayoutable": True,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {definition.plural.lower()}", "name": "everything"}],
    }
    return dict(sorted(body.items()))


def _header(definition: ObjectDef, *, root: str) -> dict[str, Any]:
    base = f"{root}/sobjects/{definition.name}"
    has_bin = "IsDeleted" in definition.fields
    return _SAME_FOR_OBJECTS | {
        "createable": definition.createable,
        "deletable": definition.deletable,
        "keyPrefix": PREFIXES[definition.name],
        "label": definition.label,
        "labelPlural": definition.plural,
        "mergeable": definition.mergeable,
        "name": definition.name,
        "undeletable": has_bin,
        "updateable": definition.updateable,
        "urls": {"sobject": base, "describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}"},
    }


def _children(org: Org, definition: ObjectDef) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": False,
            "childSObject": child.name,
            "deprecatedAndHidden": False,
            "field": field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": None if field.name in _SYSTEM else child.child_name,
            "restrictedDelete": False,
        }
        for child in org.objects.values()
        for field in child.fields.values()
        if definition.name in field.refers_to
    ]


def _field(org: Org, definition: ObjectDef, field: FieldDef) -> dict[str, Any]:
    text = field.type not in _SOAP
    polymorphic = len(field.refers_to) > 1
    plain = field.type not in {"address", "textarea"}
    body = _SAME_FOR_ALL | {
        "aggregatable": field.type not in {"boolean", "address"},
        "calculated": bool(field.formula),
        "calculatedFormula": field.formula or None,
        "byteLength": field.length * 3 if text else field.length,
        "compoundFieldName": _compound(definition, field),
        "createable": field.createable and org.may_write(definition, field),
        "custom": field.custom,
        "defaultValue": False if field.type == "boolean" else None,
        "defaultedOnCreate": _defaulted(field),
        "digits": field.precision if field.type == "int" else 0,
        "externalId": field.external_id,
        "extraTypeInfo": _extra_type(definition, field),
        "filterable": field.filterable,
        "groupable": plain and field.type not in {"datetime", "double", "currency", "percent"},
        "idLookup": field.name == "Id" or field.type == "email" or field.external_id,
        "label": field.label,
        "length": field.length,
        "name": field.name,
        "nameField": field.name == _name_field(definition),
        "namePointing": polymorphic,
        "nillable": _nillable(field),
        "permissionable": _permissionable(definition, field),
        "picklistValues": [_picklist_value(entry) for entry in field.picklist],
        "polymorphicForeignKey": polymorphic,
        "precision": 0 if field.type == "int" else field.precision,
        "referenceTo": list(field.refers_to),
        "relationshipName": field.relationship,
        "restrictedPicklist": field.restricted,
        "scale": field.scale,
        "soapType": _SOAP.get(field.type, "xsd:string"),
        "sortable": field.type != "address" and field.filterable,
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable and org.may_write(definition, field),
    }
    return dict(sorted(body.items()))


def _picklist_value(entry: Any) -> dict[str, Any]:
    return {
        "active": entry.active,
        "defaultValue": entry.is_default,
        "label": entry.label,
        "validFor": None,
        "value": entry.value,
    }


def _name_field(definition: ObjectDef) -> str:
    return "Subject" if definition.name in {"Task", "Event"} else "Name"


def _defaulted(field: FieldDef) -> bool:
    has_default = any(entry.is_default for entry in field.picklist)
    return (
        field.name in _SYSTEM or field.name == "OwnerId" or field.type == "boolean" or has_default
    )


def _nillable(field: FieldDef) -> bool:
    fixed = field.required or field.name in _SYSTEM or field.name == "OwnerId"
    return not fixed and field.type != "boolean"


def _permissionable(definition: ObjectDef, field: FieldDef) -> bool:
    fixed = field.required or field.name in _SYSTEM or field.name == _name_field(definition)
    return not fixed and field.writeable


def _is_person(definition: ObjectDef) -> bool:
    return {"FirstName", "LastName", "Salutation"} <= definition.fields.keys()


def _compound(definition: ObjectDef, field: FieldDef) -> str | None:
    if field.name in _NAME_PARTS and _is_person(definition):
        return "Name"
    for prefix, parent in (
        ("Mailing", "MailingAddress"),
        ("Billing", "BillingAddress"),
        ("", "Address"),
    ):
        stem = field.name.removeprefix(prefix)
        if parent in definition.fields and stem in {
            "Street",
            "City",
            "State",
            "PostalCode",
            "Country",
        }:
            return parent
    return None


def _extra_type(definition: ObjectDef, field: FieldDef) -> str | None:
    if field.type == "textarea":
        return "plaintextarea"
    return "personname" if field.name == "Name" and _is_person(definition) else None
