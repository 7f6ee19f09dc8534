"""Whatever is wrong with a request, in every operation that is declared: the right refusal, which names it, and nothing changed.

The bad values are made from the OpenAPI document: for every parameter and every field of a body what its schema refuses.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import attrs
import httpx
import msgspec
import pytest
import trio
from jsonschema import Draft202012Validator

from actors.model.user import Role
from actors.store.store import Store
from web.openapi.document import declarations, document

ANSWER_LIMIT_S = 10
"""What is endless was not refused."""
LONG = "x" * 20_000
HUGE = "9" * 30
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND NOT tablename = ANY ('{api_key,mark,token}')"
"""All that is kept, but when keys and tokens were last used, and the marks of writes, also of those that changed nothing."""
ANYTHING = (None, True, 7, 1.5, -1, 10**30, 1e300, "", "x", "a\0b", LONG, [], [None], ["a\0b"], {}, {"unheardOf": 1})
IN_AN_ADDRESS = ("", "x", "1.5", "-1", HUGE, "nan", "1e999", "maybe", "yesterday", LONG[:5000])


@attrs.frozen(kw_only=True)
class Bad:
    """One bad request, and the name that its refusal must give; None where only the status counts."""

    method: str
    path: str
    content: bytes | None = None
    headers: dict[str, str] = attrs.field(factory=dict)
    named: str | None = None
    statuses: tuple[int, ...] = (422,)


@attrs.frozen(kw_only=True)
class Asked:
    """One operation as the document has it, with an address of things that there are."""

    method: str
    path: str
    operation: dict[str, Any]
    schemas: dict[str, Any]

    def refuses(self, schema: dict[str, Any], value: Any) -> bool:
        """Whether a schema of the document refuses a value."""
        whole = {**schema, "components": {"schemas": self.schemas}}
        return not Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).is_valid(value)

    def bad(self, query: str, *, named: str | None, statuses: tuple[int, ...] = (422,)) -> Bad:
        """A request with this query, and a good body if one is needed."""
        content = json.dumps(self.example).encode() if self.example is not None else None
        headers = {**self.needed, **({"Content-Type": "application/json"} if content else {})}
        path = f"{self.path}?{query}"
        return Bad(method=self.method, path=path, content=content, headers=headers, named=named, statuses=statuses)

    def bad_body(self, content: bytes, *, named: str | None = None, statuses: tuple[int, ...] = (422,)) -> Bad:
        """A request with these bytes as its JSON."""
        query = "&".join(
            f"{one['name']}={one['schema'].get('examples', ['1'])[0]}"
            for one in self.operation["parameters"]
            if one.get("in") == "query" and one["required"]
        )
        return Bad(
            method=self.method,
            path=f"{self.path}?{query}".rstrip("?"),
            content=content,
            headers={**self.needed, "Content-Type": "application/json"},
            named=named,
            statuses=statuses,
        )

    @property
    def needed(self) -> dict[str, str]:
        """Headers without which something else would be refused first."""
        return {"If-Match": "*"} if any(one.get("name") == "If-Match" for one in self.operation["parameters"]) else {}

    @property
    def example(self) -> Any:
        """The example of its JSON body; None if it takes none."""
        return self.operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")


def asked(app: Any, places: dict[str, str]) -> list[Asked]:
    described = msgspec.json.decode(msgspec.json.encode(document(declarations(app), version="1", description="")))
    found = []
    for path, item in described["paths"].items():
        for method, operation in item.items():
            if method == "head":
                continue
            place = path
            for name, value in places.items():
                place = place.replace(f"{{{name}}}", value)
            schemas = described["components"]["schemas"]
            found.append(Asked(method=method.upper(), path=place, operation=operation, schemas=schemas))
    return found


def bad_parameters(one: Asked) -> Iterator[Bad]:
    """Each parameter of the address with everything that it cannot be."""
    yield one.bad("unheardOf=1", named="unheardOf")
    yield one.bad("%FF=1", named="?")
    for parameter in one.operation["parameters"]:
        if parameter.get("in") != "query":
            continue
        name, schema = parameter["name"], parameter["schema"]
        # Events say to what their numbers are no numbers with 400, as sockets do.
        statuses = (400, 422) if name == "since" else (422,)
        for text in ("a%00b", "%FF", "%ED%A0%80"):
            yield one.bad(f"{name}={text}", named=name)
        if schema.get("type") != "array":
            yield one.bad(f"{name}=1&{name}=1", named=name)
        for text in IN_AN_ADDRESS:
            value = text_value(text, schema)
            if one.refuses(schema, [value] if schema.get("type") == "array" else value):
                named = None if statuses != (422,) else name
                yield one.bad(f"{name}={quote(text)}", named=named, statuses=statuses)
        if name == "cursor":
            for forged in ("AAAA", LONG[:4000], "eyJ9", "%2B%2F%3D"):
                yield one.bad(f"cursor={forged}", named=None, statuses=(400,))


def text_value(text: str, schema: dict[str, Any]) -> Any:
    """What a text in an address says, for a schema."""
    item = schema["items"] if schema.get("type") == "array" else schema
    kinds = {item.get("type"), *(choice.get("type") for choice in item.get("anyOf", ()))}
    if kinds & {"integer", "number"}:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def bad_bodies(one: Asked) -> Iterator[Bad]:
    """The body as it cannot be, as a whole and field by field."""
    if one.example is None:
        return
    whole = json.dumps(one.example).encode()
    name = next(iter(one.example))
    if one.operation["requestBody"]["required"]:
        yield one.bad_body(b"", statuses=(400,))
    for content in (b"{", b"\xff\xfe", b'{"a": "\xff"}', b"nul", b"{}x", b'{"a": NaN}', b'{"a": 1e999}'):
        yield one.bad_body(content, statuses=(400,))
    yield one.bad_body(b'{"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", statuses=(400,))
    yield one.bad_body(b'{"%s": 1, "%s": 1}' % (name.encode(), name.encode()), statuses=(400,))
    yield one.bad_body(b'{"unheardOf": 1, ' + whole[1:], named="unheardOf")
    yield one.bad_body(b'{"a\\u0000b": 1, ' + whole[1:], named="a\0b")
    for content in (b"[]", b"null", b'"x"', b"7"):
        yield one.bad_body(content)
    yield one.bad_body(b'{"x": "' + b"x" * 2**20 + b'"}', statuses=(413,))
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "application/jsonish"):
        bad = one.bad_body(whole, statuses=(415,))
        yield attrs.evolve(bad, headers={**bad.headers, "Content-Type": kind})
    body = one.operation["requestBody"]["content"]["application/json"]["schema"]
    told = body.get("discriminator")
    reference = body["$ref"] if told is None else told["mapping"][one.example[told["propertyName"]]]
    schema = one.schemas[reference.rpartition("/")[2]]
    for field, shape in schema["properties"].items():
        for value in ANYTHING:
            if one.refuses(shape, value):
                spoiled = {**copy.deepcopy(one.example), field: value}
                yield one.bad_body(json.dumps(spoiled).encode(), named=field)
    for field in schema.get("required", ()):
        lacking = {key: value for key, value in one.example.items() if key != field}
        yield one.bad_body(json.dumps(lacking).encode(), named=field)


def bad_methods(one: Asked, others: list[Asked]) -> Iterator[Bad]:
    """Methods that the address has not."""
    there = {other.method for other in others if other.path == one.path}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"} - there:
        yield Bad(method=method, path=one.path, statuses=(405,))


async def complaint(client: httpx.AsyncClient, bad: Bad) -> str | None:
    """What is wrong with the answer to a bad request; None if it is as it should be."""
    with trio.move_on_after(ANSWER_LIMIT_S) as scope:
        answer = await client.request(bad.method, bad.path, content=bad.content, headers=bad.headers)
    if scope.cancelled_caught:
        return f"no end of the answer: {bad.method} {bad.path}"
    shown = f"{bad.method} {bad.path[:120]} {bad.content and bad.content[:120]!r} {bad.headers}: {answer.status_code} {answer.text[:300]}"
    if answer.status_code not in bad.statuses:
        return f"not one of {bad.statuses}: {shown}"
    told = answer.json()
    if answer.headers["content-type"] != "application/problem+json" or "Traceback" in answer.text:
        return f"no problem of ours: {shown}"
    names = {error["field"] for error in told.get("errors", ())}
    if bad.named is not None and not any(
        name == bad.named or name.startswith((f"{bad.named}.", f"{bad.named}[")) for name in names
    ):
        return f"{bad.named!r} is not named: {shown}"
    if bad.statuses == (405,) and not answer.headers.get("allow"):
        return f"no Allow: {shown}"
    return None


async def snapshot(store: Store) -> dict[str, str]:
    """All that the database keeps, by table."""

    async def read(connection: Any) -> dict[str, str]:
        tables = [row["tablename"] for row in await connection.fetch(TABLES)]
        lines = "SELECT coalesce(string_agg(line::text, ' ' ORDER BY line::text), '') FROM \"{}\" line"
        return {table: await connection.fetchval(lines.format(table)) for table in tables}

    return await store.pool.read(read)


@pytest.fixture
async def operations(served, shelf) -> list[Asked]:
    """Every operation, on a track and a root that there are."""
    track_id = await shelf.put("a.mp3", peaks=bytes(range(64)))
    places = {"trackId": track_id, "rootId": shelf.root.id, "nodePath": "rookery/pipeline/idle", "name": "app.css"}
    return asked(served.app, {**places, "userId": "0", "keyId": "0", "memoryId": "0"})


async def complaints(client: httpx.AsyncClient, bad: list[Bad]) -> list[str]:
    """What is wrong with the answers to bad requests."""
    assert bad
    return [wrong for one in bad if (wrong := await complaint(client, one)) is not None]


async def test_no_parameter_takes_what_it_cannot_be(served, operations) -> None:
    before = await snapshot(served.store)
    assert await complaints(served.client, [bad for one in operations for bad in bad_parameters(one)]) == []
    assert await snapshot(served.store) == before


async def test_no_body_is_taken_that_cannot_be(served, operations) -> None:
    # Things that are not there are refused before their bodies matter.
    with_bodies = [one for one in operations if one.example is not None and "/0" not in one.path]
    before = await snapshot(served.store)
    assert await complaints(served.client, [bad for one in with_bodies for bad in bad_bodies(one)]) == []
    assert await snapshot(served.store) == before


async def test_other_methods_are_refused_with_those_that_there_are(served, operations) -> None:
    before = await snapshot(served.store)
    assert await complaints(served.client, [bad for one in operations for bad in bad_methods(one, operations)]) == []
    assert await snapshot(served.store) == before


async def test_no_place_takes_what_names_nothing(served) -> None:
    places = ("trackId", "rootId", "userId", "keyId", "memoryId", "nodePath", "name")
    bad = []
    for name in ("nope", "%00", "a%00b", "%FF", "%2e%2e%2f", "x" * 300, "%F0%9F%90%A6"):
        for one in asked(served.app, dict.fromkeys(places, name)):
            if name in one.path.split("/"):
                content = None if one.example is None else json.dumps(one.example).encode()
                headers = {**one.needed, "Content-Type": "application/json"}
                bad.append(
                    Bad(method=one.method, path=one.path, content=content, headers=headers, statuses=(400, 404, 405))
                )
    before = await snapshot(served.store)
    assert await complaints(served.client, bad) == []
    assert await snapshot(served.store) == before


@pytest.mark.parametrize(
    "shown",
    [
        {"Authorization": "Bearer rt_forged"},
        {"Authorization": "Bearer " + "x" * 5000},
        {"Authorization": "Basic YTpi"},
        {"X-API-Key": "rk_forged"},
        {"X-API-Key": ""},
        {},
    ],
    ids=["token", "long", "basic", "key", "empty", "nothing"],
)
async def test_who_shows_nothing_that_counts_comes_in_nowhere(peopled, shown) -> None:
    places = dict.fromkeys(("trackId", "rootId", "userId", "keyId", "memoryId", "nodePath"), "x")
    closed = [one for one in asked(peopled.served.app, places) if one.operation["security"]]
    bad = [Bad(method=one.method, path=one.path, headers=shown, statuses=(400, 401)) for one in closed]
    assert await complaints(peopled.client, bad) == []


async def test_a_revoked_key_comes_in_nowhere(peopled) -> None:
    admin = peopled.headers(Role.ADMIN)
    made = await peopled.client.post("/api/v1/auth/keys", json={"name": "short"}, headers=admin)
    key = {"X-API-Key": made.json()["secret"]}
    assert (await peopled.client.get("/api/v1/tracks", headers=key)).status_code == 200
    gone = await peopled.client.delete(made.headers["location"], headers={**admin, "If-Match": "*"})
    assert gone.status_code == 204

    places = dict.fromkeys(("trackId", "rootId", "userId", "keyId", "memoryId", "nodePath"), "x")
    closed = [one for one in asked(peopled.served.app, places) if one.operation["security"]]
    bad = [Bad(method=one.method, path=one.path, headers=key, statuses=(401,)) for one in closed]
    assert await complaints(peopled.client, bad) == []
