"""`docs/messages.md`, written from what the live socket reads and the feed tells: `python -m tests.document.messages`."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from actors.config import Config
from actors.feed import Frame
from actors.model.event import TOPIC_OF_TYPE, TOPICS
from actors.model.user import Role
from web.live.asyncapi import CLOSES, SAID, asyncapi
from web.live.door import allowed_topics
from web.live.messages import LIMIT_BYTES
from web.live.ndjson import json_line
from web.live.payloads import TOLD
from web.live.session import BAD_IN_A_ROW
from web.live.sse import event_lines, opening
from web.live.wire import RETRY_S
from web.openapi.examples import MOMENT

PAGE = Path(__file__).parents[2] / "docs" / "messages.md"
HEAD = """\
# Messages of the live feed

Written from the program by `python -m tests.document.messages`; a test compares, and another holds the conversation below with a running server until it has
seen every message. For programs the same stands in `/asyncapi.json`, with schemas.

## The form of all

Every message, both ways and on every transport, is one JSON object:

| field | |
|---|---|
| `type` | what it is; the rest of this page goes by it |
| `payload` | an object of that type |
| `requestId` | in yours: any text of up to 128 characters; in an answer: yours again, so that you know what it answers; else `null` |
| `timestamp` | UTC, RFC 3339; of an event that of its commit. In yours it is ignored |
| `version` | `"1.0"`; may be left out of yours |
| `seq` | number in the durable log; only events have one |

Numbers grow by one with each event, and the same event has the same number, type, payload and timestamp on every transport, on every server of a
database, and whenever it is told again, also after a restart. To one who takes all topics the numbers have no gap but where other users' players spoke.

## A client in five steps

1. Open a WebSocket to `/ws`. Where accounts exist, show a token (`Authorization: Bearer …`, or `X-API-Key: …`) with the handshake, or say it in CONNECT.
2. Send CONNECT. WELCOME comes first of all answers. Without `since` you hear what happens from now on.
3. Keep a number: `seq` of WELCOME if you named no `since`, then that of each event behind it. Fields and types that you do not know are none of your business.
4. When the connection ends, for whatever reason, come back with that number as `since`, after a pause that grows from half a second: you get what followed, each event once
   and in order. GOODBYE names the pause itself. Any server of the same database and any transport goes on from the same number.
5. On RESYNC history is gone: read what you show anew (`/api/v1/tracks`, `/api/v1/player`, …), and go on with its `newest` as your number.

```text
→ {connect}
← {welcome}
← {event}
→ {ping}
← {pong}
```

## Without a WebSocket

`/api/v1/events` (Server-Sent Events) and `/api/v1/events.ndjson` (a JSON object a line) tell the same messages and take none. Begin behind a number with
`Last-Event-ID` or `?since=`, choose with `?topics=a,b`. Who names no number is told behind which one the stream begins, by the header `Last-Event-ID` and,
on Server-Sent Events, by a lone `id:`, with which browsers come back by themselves; a RESYNC has its `newest` as `id:`. A sign of life comes every {stream_heartbeat} s: a comment, or an empty line. `/api/v1/logs` is a stream of LOG alone, for administrators, and begins with the last lines.

```text
{sse}```

```text
{ndjson}```

## Topics

| topic | roles | messages |
|---|---|---|
{topics}

`jobs` may be asked for and tells nothing yet. `logs` is told to those alone who name it; everybody else who names no topics gets all that the role may have. A topic that your role may not have is answered by ERROR `FORBIDDEN`; you get the others. What a user's player tells reaches that
user's connections alone.

## How it ends, and what it takes

The server pings every `heartbeatSeconds` ({heartbeat} by default); any byte of yours is life, and after two silent intervals it closes. A message may have {limit} KiB, and one of more than twice as much ends it (1009); 100 a second, and
500 at once, are taken. A message that cannot be read is answered by ERROR and loses nothing else; {bad} of them in a row end it. Too slow is for whom
more than 1 MiB waits: RESYNC, then the close. When the service stops, GOODBYE comes with `retrySeconds`, {retry_from:g}–{retry_to:g} at random so that not everybody comes back at once.

| code | why |
|---|---|
{closes}

"""


_WITHOUT_NUMBER = {
    "CACHE_HIT": "has no number, and none makes up for another: their sum is what counts",
    "LOG": "has no number, and where too much waits the oldest are left out: `line` tells",
}


def document() -> dict[str, Any]:
    """The AsyncAPI document, as programs get it."""
    document: dict[str, Any] = json.loads(msgspec.json.encode(asyncapi(version="1")))
    return document


def page() -> str:
    """The whole page."""
    told = document()
    messages, schemas = told["components"]["messages"], told["components"]["schemas"]
    said = [_section(messages[kind], schemas, "Any role.") for kind in SAID]
    answers = [_section(messages[kind], schemas, _whom(kind)) for kind in TOLD]
    shapes = [f"### {name}\n\n{_meaning(schema)}\n\n{_fields(schema)}" for name, schema in _nested(messages, schemas)]
    return "\n".join(
        (
            _head({kind: _example(message) for kind, message in messages.items()}),
            "## From the client\n",
            *said,
            "## From the server\n",
            *answers,
            "## Values\n\nWhat stands in payloads by name.\n",
            *shapes,
        )
    )


def _head(examples: Mapping[str, Any]) -> str:
    event, bounds = examples["TRACK_REMOVED"], Config()
    body = _line(event).encode()
    frame = Frame(type=event["type"], topic="tracks", body=body, seq=event["seq"], at=MOMENT)
    lines = {
        "{connect}": _line(examples["CONNECT"]),
        "{welcome}": _line(examples["WELCOME"] | {"requestId": examples["CONNECT"]["requestId"]}),
        "{event}": _line(event),
        "{ping}": _line(examples["PING"]),
        "{pong}": _line(examples["PONG"] | {"requestId": examples["PING"]["requestId"]}),
        "{sse}": (opening(event["seq"] - 1) + event_lines(frame)).decode(),
        "{ndjson}": "\n" + json_line(frame).decode(),
        "{topics}": "\n".join(_topics()),
        "{closes}": "\n".join(f"| {int(code)} | {why} |" for code, why in CLOSES.items()),
        "{heartbeat}": f"{bounds.heartbeat_s:g}",
        "{stream_heartbeat}": f"{bounds.stream_heartbeat_s:g}",
        "{limit}": str(LIMIT_BYTES // 1024),
        "{bad}": str(BAD_IN_A_ROW),
        "{retry_from:g}": f"{RETRY_S[0]:g}",
        "{retry_to:g}": f"{RETRY_S[1]:g}",
    }
    text = HEAD
    for name, value in lines.items():
        text = text.replace(name, value)
    return text


def _topics() -> Iterator[str]:
    everybodys = allowed_topics(Role.LISTENER)
    for topic in TOPICS:
        kinds = ", ".join(f"`{kind}`" for kind, of in TOPIC_OF_TYPE.items() if of == topic) or "none"
        yield f"| `{topic}` | {'all' if topic in everybodys else 'administrators'} | {kinds} |"


def _whom(kind: str) -> str:
    told = TOLD[kind]
    if told.topic is None:
        return "Any role; no topic is needed, and it has no number."
    whom = "Any role" if told.topic in allowed_topics(Role.LISTENER) else "Administrators"
    return f"{whom}; it {'has a number' if told.has_number else _WITHOUT_NUMBER.get(kind, 'has no number, and of several that wait only the newest comes')}."


def _section(message: Mapping[str, Any], schemas: Mapping[str, Any], whom: str) -> str:
    payload = schemas[message["payload"]["properties"]["payload"]["$ref"].rpartition("/")[2]]
    example = json.dumps(_example(message), ensure_ascii=False, indent=1)
    return f"### {message['name']}\n\n{message['summary']} {whom}\n\n{_fields(payload)}\n```json\n{example}\n```\n"


def _example(message: Mapping[str, Any]) -> dict[str, Any]:
    [example] = message["examples"]
    whole: dict[str, Any] = example["payload"]
    return whole


def _line(message: Mapping[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def _fields(schema: Mapping[str, Any]) -> str:
    properties = schema.get("properties", {})
    if not properties:
        return "The payload is `{}`.\n" if "enum" not in schema else ""
    required = schema.get("required", ())
    rows = [
        f"| `{name}`{'' if name in required else ' (optional)'} | {_kind(shape)} | {_text(shape.get('description', ''))} |"
        for name, shape in properties.items()
    ]
    return "\n".join(("| field | | |", "|---|---|---|", *rows, ""))


def _kind(shape: Mapping[str, Any]) -> str:
    if "$ref" in shape:
        name = shape["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in shape:
        return " or ".join(_kind(one) for one in shape["anyOf"])
    if "enum" in shape:
        return ", ".join(f"`{json.dumps(word)}`" for word in shape["enum"])
    kind = str(shape.get("format") or shape.get("type", "anything"))
    if kind == "array":
        return f"array of {_kind(shape.get('items', {}))}"
    bounds = [f"{word} {shape[key]:g}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in shape]
    return " ".join((kind, *bounds))


def _meaning(schema: Mapping[str, Any]) -> str:
    words = f"One of {', '.join(f'`{word}`' for word in schema['enum'])}." if "enum" in schema else ""
    return " ".join(filter(None, (_text(schema.get("description", "")), words)))


def _text(description: str) -> str:
    return " ".join(description.split()).replace("|", "\\|")


def _nested(messages: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The shapes that payloads hold, which are no payload themselves or are held by another as well."""
    payloads = [m["payload"]["properties"]["payload"]["$ref"].rpartition("/")[2] for m in messages.values()]
    found: dict[str, None] = {}
    waiting = [schemas[name] for name in payloads]
    while waiting:
        for name in _names(waiting.pop(0).get("properties", {})):
            if name not in found:
                found[name] = None
                waiting.append(schemas[name])
    return [(name, schemas[name]) for name in found]


def _names(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].rpartition("/")[2]
        for entry in value.values():
            yield from _names(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _names(entry)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
