"""What can be done next with what an answer tells, as links of the OpenAPI document: from a thing to all that its id names."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import msgspec

from actors.model.memory import MemoryView
from actors.model.root_view import RootView
from actors.model.user_view import ApiKeyView, UserView
from actors.model.view import TrackView
from web.endpoints import Declaration

THINGS: Mapping[str, type[msgspec.Struct]] = {
    "trackId": TrackView,
    "rootId": RootView,
    "userId": UserView,
    "keyId": ApiKeyView,
    "memoryId": MemoryView,
}
"""Places in addresses that the `id` of a value fills."""


@attrs.frozen(kw_only=True)
class Links:
    """Links as components of the document, and where they belong."""

    components: Mapping[str, Any]
    by_answer: Mapping[tuple[str, int], Mapping[str, Any]]

    def of(self, one: Declaration) -> Mapping[int, Mapping[str, Any]]:
        """The links of an operation's answers, by status."""
        return {
            status: self.by_answer[one.name, status] for status in one.answers if (one.name, status) in self.by_answer
        }


def links(operations: Iterable[Declaration]) -> Links:
    """From every answer that gives a thing or a list of things to every operation that names one."""
    listed = tuple(operations)
    named = {place: [one for one in listed if f"/{{{place}}}" in one.path] for place in THINGS}
    components: dict[str, Any] = {}
    by_answer: defaultdict[tuple[str, int], dict[str, Any]] = defaultdict(dict)
    for one in listed:
        for status, answer in one.answers.items():
            for place, pointer in _things(answer.model):
                for other in named[place]:
                    form = "listed" if "/" in pointer else "given"
                    name = f"{other.name}.{form}"
                    components[name] = _link(other, place, pointer)
                    by_answer[one.name, status][other.name] = {"$ref": f"#/components/links/{name}"}
    return Links(components=components, by_answer=by_answer)


def _things(model: Any) -> Iterable[tuple[str, str]]:
    """Places that an answer's value can fill, each with where the id stands in it."""
    if not (isinstance(model, type) and issubclass(model, msgspec.Struct)):
        return
    for place, thing in THINGS.items():
        if issubclass(model, thing):
            yield place, "id"
        for field in msgspec.structs.fields(model):
            if field.name == "data" and any(_is_of(item, thing) for item in getattr(field.type, "__args__", ())):
                yield place, "data/0/id"


def _is_of(item: Any, thing: type) -> bool:
    return isinstance(item, type) and issubclass(item, thing)


def _link(other: Declaration, place: str, pointer: str) -> dict[str, Any]:
    parameters = {f"path.{place}": f"$response.body#/{pointer}"}
    if "If-Match" in other.asks:
        parameters["header.If-Match"] = "$response.header.ETag" if "/" not in pointer else "*"
    return {"operationId": other.name, "parameters": parameters, "description": other.summary}
