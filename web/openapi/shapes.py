"""Shapes of values as JSON Schema, with the meaning of every field as the classes themselves tell it."""

import ast
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

WITHOUT_NUL = "^[^\\u0000]*$"
"""No text that is sent may hold the character NUL, which PostgreSQL cannot keep."""

MEANINGS: Mapping[str, str] = {
    "addedAt": "When it was added.",
    "at": "When it was so.",
    "cacheInfo": "Whether the answer was kept, and since when.",
    "changedAt": "When it last changed.",
    "data": "What stands on this page.",
    "expiresAt": "When it ends; null for never.",
    "id": "What addresses name it by; opaque.",
    "links": "Addresses of this page and its neighbors.",
    "meta": "Where this page stands in its list.",
    "payload": "What belongs to it.",
    "rootId": "The root that it lies in.",
    "sizeBytes": "Its size in bytes; of several, all together.",
    "trackId": "The track's id.",
    "version": "Grows with every change.",
}
"""What names mean wherever their class says nothing else."""

_REFS = "#/components/schemas/{name}"


def shapes(types: Iterable[Any], *, sent: Iterable[Any] = ()) -> tuple[dict[Any, dict[str, Any]], dict[str, Any]]:
    """Schemas of some types, and of what they refer to by name.

    Args:
        types: all that are described.
        sent: those of them that clients send; texts in them may not hold NUL.

    Raises:
        ValueError: two different classes have one name.
    """
    listed, asked = tuple(dict.fromkeys(types)), tuple(sent)
    kinds = _structs(msgspec.inspect.multi_type_info(listed))
    schemas, components = msgspec.json.schema_components(listed, ref_template=_REFS)
    for name, kind in kinds.items():
        _describe(components[name], kind)
    _one_of((schemas, components))
    found = dict(zip(listed, schemas, strict=True))
    for name in _names([found[kind] for kind in asked], components):
        _without_nul(components[name])
    return found, components


def without_nul(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema of what is sent: none of its texts may hold NUL."""
    copied: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(schema))
    _without_nul(copied)
    return copied


@lru_cache(maxsize=512)
def meanings(kind: type) -> Mapping[str, str]:
    """What the docstrings below the fields of a class say, by the fields' names in Python; inherited ones too."""
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        if issubclass(one, msgspec.Struct) and one is not msgspec.Struct:
            found.update(_docstrings(one))
    return found


@lru_cache(maxsize=256)
def _classes(module: str) -> Mapping[str, ast.ClassDef]:
    """The classes at the top of a module, as they are written."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _docstrings(kind: type) -> Iterator[tuple[str, str]]:
    tree = _classes(kind.__module__).get(kind.__name__)
    if tree is None:
        return
    for field, text in zip(tree.body, tree.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            yield field.target.id, " ".join(text.value.value.split())


def _describe(schema: dict[str, Any], kind: type[msgspec.Struct]) -> None:
    said = meanings(kind)
    if (tag := kind.__struct_config__.tag_field) is not None:
        schema["properties"][tag]["description"] = "Which shape this is."
    for field in msgspec.structs.fields(kind):
        shape = schema["properties"].get(field.encode_name)
        if shape is None:
            continue
        text = said.get(field.name) or shape.get("description") or _inner(shape) or MEANINGS.get(field.encode_name)
        if text:
            shape["description"] = text


def _inner(shape: Mapping[str, Any]) -> str | None:
    """The description of the one choice beside null."""
    return next((one["description"] for one in shape.get("anyOf", ()) if "description" in one), None)


def _structs(types: Iterable[Any]) -> dict[str, type[msgspec.Struct]]:
    """Every Struct in some types by its name, by which its schema is known too."""
    found: dict[str, type[msgspec.Struct]] = {}
    waiting: list[Any] = list(types)
    while waiting:
        one = waiting.pop()
        if isinstance(one, msgspec.inspect.StructType):
            if found.get(one.cls.__name__) is one.cls:
                continue
            if one.cls.__name__ in found:
                raise ValueError(f"{one.cls} has the name of another class, and clients would know both by it")
            found[one.cls.__name__] = one.cls
            waiting += [field.type for field in one.fields]
        else:
            waiting += _parts(one)
    return found


def _parts(one: msgspec.inspect.Type) -> Iterator[msgspec.inspect.Type]:
    """What a type that is no Struct is made of."""
    for name in ("type", "item_type", "key_type", "value_type"):
        if isinstance(part := getattr(one, name, None), msgspec.inspect.Type):
            yield part
    for name in ("types", "item_types"):
        yield from getattr(one, name, ())


def _names(schemas: Iterable[Any], components: Mapping[str, Any]) -> set[str]:
    """Names of all components that some schemas lead to."""
    found: set[str] = set()
    waiting: list[Any] = list(schemas)
    while waiting:
        match waiting.pop():
            case {"$ref": str(reference)} if (name := reference.rpartition("/")[2]) not in found:
                found.add(name)
                waiting.append(components[name])
            case dict(inner):
                waiting += inner.values()
            case list(inner):
                waiting += inner
    return found


def _one_of(schema: Any) -> None:
    """Shapes that a word tells apart are never two at once."""
    if isinstance(schema, dict) and "discriminator" in schema:
        schema["oneOf"] = schema.pop("anyOf")
    if isinstance(schema, dict | list | tuple):
        for part in schema.values() if isinstance(schema, dict) else schema:
            _one_of(part)


def _without_nul(schema: Any) -> None:
    if isinstance(schema, list):
        for part in schema:
            _without_nul(part)
    elif isinstance(schema, dict):
        if schema.get("type") == "string" and not {"pattern", "format", "enum"} & schema.keys():
            schema["pattern"] = WITHOUT_NUL
        if schema.get("type") == "object" and "additionalProperties" in schema:
            names = schema.get("propertyNames", {})
            if schema["additionalProperties"] is not False and "pattern" not in names:
                schema["propertyNames"] = {**names, "pattern": WITHOUT_NUL}
        if "pattern" in schema and re.search(schema["pattern"], "\0"):
            schema["not"] = {"pattern": "\\u0000"}
        for key, part in schema.items():
            if key not in {"default", "examples", "not", "propertyNames"}:
                _without_nul(part)
