"""What operations ask for, as the OpenAPI document tells it: parameters and bodies."""

from collections.abc import Mapping
from typing import Any

import msgspec

from web.encoding import JSON
from web.endpoints import Declaration
from web.openapi.headers import PLACES, REQUEST_HEADERS, TRACING, Told
from web.openapi.shapes import MEANINGS, meanings, without_nul

MULTIPART = "multipart/form-data"


def parameters_of(one: Declaration, schemas: Mapping[Any, Any]) -> list[dict[str, Any]]:
    """Everything that an operation may be asked with, beside its body."""
    return [*_places(one), *_query(one, schemas), *_asked(one)]


def body_of(one: Declaration, schemas: Mapping[Any, Any]) -> dict[str, Any] | None:
    """The body that an operation needs, with its example; None if it takes none."""
    if one.body is not None:
        return {
            "required": one.is_body_needed,
            "content": {JSON: {"schema": schemas[one.body], "example": one.example}},
        }
    if one.form is not None:
        return {"required": True, "content": {MULTIPART: {"schema": _form(one.form, schemas), "example": one.example}}}
    return None


def _form(form: type[msgspec.Struct], schemas: Mapping[Any, Any]) -> dict[str, Any]:
    fields = {field.encode_name: _without_null(schemas[field.type]) for field in msgspec.structs.fields(form)}
    file = {"type": "string", "format": "binary", "description": "The file, behind the other fields."}
    return {
        "type": "object",
        "properties": {**fields, "file": file},
        "required": ["file"],
        "additionalProperties": False,
    }


def _places(one: Declaration) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in one.path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, **told_of(PLACES[name])} for name in names]


def _query(one: Declaration, schemas: Mapping[Any, Any]) -> list[dict[str, Any]]:
    said = meanings(one.query)
    listed = []
    for field in msgspec.structs.fields(one.query):
        schema = without_nul(_without_null(schemas[field.type]))
        description = said.get(field.name) or schema.get("description") or MEANINGS.get(field.encode_name)
        schema.pop("description", None)
        if field.default not in (msgspec.NODEFAULT, None):
            schema["default"] = msgspec.to_builtins(field.default)
        parameter: dict[str, Any] = {
            "name": field.encode_name,
            "in": "query",
            "required": field.required,
            "schema": schema,
        }
        if description:
            parameter["description"] = description
        listed.append(parameter)
    return listed


def _asked(one: Declaration) -> list[dict[str, Any]]:
    asked = [
        {**header_parameter(name, REQUEST_HEADERS[name]), "required": _is_demanded(name, one)} for name in one.asks
    ]
    return [*asked, *({"$ref": f"#/components/parameters/{name}"} for name in TRACING)]


def header_parameter(name: str, told: Told) -> dict[str, Any]:
    """A header as a parameter."""
    return {"name": name, "in": "header", "required": False, **told_of(told)}


def told_of(told: Told) -> dict[str, Any]:
    """What is said of a header or place."""
    return {"description": told.meaning, "schema": dict(told.schema), "example": told.example}


def _is_demanded(header: str, one: Declaration) -> bool:
    return header == "If-Match" and "PRECONDITION_REQUIRED" in one.problems


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    # A parameter is left out, never null.
    choices = [dict(choice) for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    return choices[0] if len(choices) == 1 else dict(schema)
