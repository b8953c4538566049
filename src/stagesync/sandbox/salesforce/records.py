"""The calls on single records: create, read, change, delete, upsert by external id."""

from typing import Any

from stagesync.sandbox.salesforce.api import ApiAnswer, ApiRequest
from stagesync.sandbox.salesforce.errors import (
    ApiError,
    RowRefusedError,
    bad_request,
    invalid_type,
    method_not_allowed,
    no_such_column,
    not_found,
)
from stagesync.sandbox.salesforce.ids import PREFIXES, full_id
from stagesync.sandbox.salesforce.incoming import read_values
from stagesync.sandbox.salesforce.locks import make_lock
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import FieldDef, ObjectDef
from stagesync.sandbox.salesforce.soql.columns import Column, reader_in
from stagesync.sandbox.salesforce.soql.shape import make_renderer
from stagesync.sandbox.salesforce.writing import (
    WriteOptions,
    checked_id,
    create_row,
    delete_row,
    update_row,
)


def write_options(org: Org, request: ApiRequest) -> WriteOptions:
    """What the headers of a request say about its writes."""
    rule = request.headers.get("sforce-duplicate-rule-header", "").lower()
    return WriteOptions(
        user_id=request.user_id,
        auto_assign=request.flag_header("sforce-auto-assign", default=True),
        allow_duplicates="allowsave=true" in rule.replace(" ", ""),
        lock=make_lock(org),
    )


def known_object(org: Org, name: str) -> ObjectDef:
    """The object of a path.

    Raises:
        ApiError: 404 NOT_FOUND.
    """
    definition = org.definition(name)
    if definition is None:
        raise not_found()
    return definition


def typed_object(org: Org, name: object) -> ObjectDef:
    """The object that a body names.

    Raises:
        ApiError: 400 INVALID_TYPE.
    """
    definition = org.definition(name) if isinstance(name, str) else None
    if definition is None:
        raise invalid_type(str(name))
    return definition


def answer_object(org: Org, request: ApiRequest, *, name: str) -> ApiAnswer:
    """``/sobjects/<Type>``: creates a record."""
    definition = known_object(org, name)
    if request.method != "POST":
        raise method_not_allowed(request.method, "HEAD,GET,POST")
    values = read_values(definition, request.json_object(), fields=org.readable(definition))
    return _created(org, definition, values, request=request)


def answer_record(org: Org, request: ApiRequest, *, name: str, record_id: str) -> ApiAnswer:
    """``/sobjects/<Type>/<id>``: reads, changes or deletes a record."""
    definition = known_object(org, name)
    key = full_id(record_id)
    if key is None or key[:3] != PREFIXES[definition.name]:
        message = f"Provided external ID field does not exist or is not accessible: {record_id}"
        raise not_found(message)
    match request.method:
        case "GET":
            return _read(org, definition, key, request=request)
        case "PATCH":
            return _change(org, definition, key, request=request)
        case "DELETE":
            return _delete(org, definition, key, request=request)
        case _:
            raise method_not_allowed(request.method, "HEAD,GET,PATCH,DELETE")


def answer_external(
    org: Org, request: ApiRequest, *, name: str, field: str, value: str
) -> ApiAnswer:
    """``/sobjects/<Type>/<external id>/<value>``: reads or upserts a record."""
    definition = known_object(org, name)
    found = find_external(org, definition, field=field, value=value)
    if len(found) > 1:
        urls = [f"{request.root}/sobjects/{definition.name}/{row['Id']}" for row in found]
        return ApiAnswer(300, urls)
    if request.method == "GET":
        if not found:
            raise not_found()
        return _read(org, definition, found[0]["Id"], request=request)
    if request.method != "PATCH":
        raise method_not_allowed(request.method, "HEAD,GET,PATCH,DELETE")
    values = read_values(definition, request.json_object(), fields=org.readable(definition))
    if found:
        _changed(org, definition, found[0]["Id"], values=values, request=request)
        return ApiAnswer(200, _success(found[0]["Id"], created=False), records=1)
    if request.query.get("updateOnly", "").lower() == "true":
        raise not_found()
    key = external_field(org, definition, field)
    return _created(org, definition, values | {key.name: value}, request=request, upsert=True)


def external_field(org: Org, definition: ObjectDef, name: str) -> FieldDef:
    """The external id field of a path.

    Raises:
        ApiError: 404 NOT_FOUND.
    """
    field = org.readable(definition).get(name.lower())
    if field is None or not (field.external_id or field.name == "Id"):
        message = f"Provided external ID field does not exist or is not accessible: {name}"
        raise not_found(message)
    return field


def find_external(org: Org, definition: ObjectDef, *, field: str, value: str) -> list[Row]:
    """The live rows with this external id; case does not count."""
    name = external_field(org, definition, field).name
    rows = org.table(definition.name).rows.values()
    return [
        row
        for row in rows
        if str(row.get(name, "")).lower() == value.lower() and not row.get("IsDeleted")
    ]


def _success(record_id: str, **more: Any) -> dict[str, Any]:
    return {"id": record_id, "success": True, "errors": [], **more}


def _created(
    org: Org, definition: ObjectDef, values: Row, *, request: ApiRequest, upsert: bool = False
) -> ApiAnswer:
    try:
        row = create_row(org, definition, values, options=write_options(org, request))
    except RowRefusedError as error:
        raise error.as_api_error() from error
    more = {"created": True} if upsert else {}
    location = {"Location": f"{request.root}/sobjects/{definition.name}/{row['Id']}"}
    return ApiAnswer(201, _success(row["Id"], **more), records=1, headers=location)


def _read(org: Org, definition: ObjectDef, record_id: str, *, request: ApiRequest) -> ApiAnswer:
    row = org.table(definition.name).rows.get(record_id)
    if row is None:
        raise not_found()
    if row.get("IsDeleted"):
        raise RowRefusedError("ENTITY_IS_DELETED", "entity is deleted").as_api_error()
    names = [name for name in request.query.get("fields", "").split(",") if name]
    render = make_renderer(
        org, entity=definition, columns=columns(org, definition, names), root=request.root
    )
    return ApiAnswer(body=render(row), records=1)


def columns(org: Org, definition: ObjectDef, names: list[str]) -> list[Column]:
    """The columns of the named fields, all visible ones when none is named.

    Raises:
        ApiError: INVALID_FIELD.
    """
    visible = org.readable(definition)
    found: list[Column] = []
    for name in names or list(visible):
        field = visible.get(name.strip().lower())
        if field is None:
            raise bad_request("INVALID_FIELD", no_such_column(name, definition.name))
        found.append(Column((), field, reader_in(org, definition, field)))
    return found


def _change(org: Org, definition: ObjectDef, record_id: str, *, request: ApiRequest) -> ApiAnswer:
    values = read_values(definition, request.json_object(), fields=org.readable(definition))
    _changed(org, definition, record_id, values=values, request=request)
    return ApiAnswer(204, records=1)


def _changed(
    org: Org, definition: ObjectDef, record_id: str, *, values: Row, request: ApiRequest
) -> None:
    try:
        update_row(org, definition, record_id, values=values, options=write_options(org, request))
    except RowRefusedError as error:
        raise _single(error) from error


def _delete(org: Org, definition: ObjectDef, record_id: str, *, request: ApiRequest) -> ApiAnswer:
    try:
        delete_row(org, definition, checked_id(definition, record_id), user_id=request.user_id)
    except RowRefusedError as error:
        raise _single(error) from error
    return ApiAnswer(204, records=1)


def _single(error: RowRefusedError) -> ApiError:
    """A path that names no record is a missing resource, not a wrong reference."""
    if error.problem.code == "INVALID_CROSS_REFERENCE_KEY" and not error.problem.fields:
        return not_found()
    return error.as_api_error()
