"""The AsyncAPI 3 document of the live socket and the streams, made from the shapes that the socket reads and the feed tells."""

from collections.abc import Mapping
from typing import Any

import msgspec

from actors.feed.frame import VERSION
from actors.model.player_commands import (
    AddTrack,
    ClearQueue,
    Device,
    NextTrack,
    Pause,
    Play,
    PreviousTrack,
    RemoveTrack,
    ReorderQueue,
    Seek,
    SetVolume,
)
from web.credentials import KEY_HEADER
from web.encoding import JSON
from web.live.messages import PAYLOADS, Connect, Nothing, Topics
from web.live.payloads import TOLD
from web.live.wire import Close
from web.openapi.examples import MOMENT, TRACK_ID
from web.openapi.shapes import shapes

_ANSWERED = "The answer is ACK, or ERROR; all devices of the user hear of what changed."
SAID: Mapping[str, tuple[str, Any]] = {
    "CONNECT": (
        "Begin; the answer is WELCOME, then come events.",
        Connect(since=42, topics=("tracks", "progress"), device=Device(id="kitchen", name="The radio in the kitchen")),
    ),
    "SUBSCRIBE": ("Hear these topics too; the answer is ACK.", Topics(("jobs",))),
    "UNSUBSCRIBE": ("Hear these topics no more; the answer is ACK.", Topics(("progress",))),
    "PING": ("The answer is PONG.", Nothing()),
    "GET_CACHE_STATS": ("The answer is CACHE_STATS.", Nothing()),
    "PLAY": (f"Go on, or begin: with an item, or with the first of the queue. {_ANSWERED}", Play()),
    "PAUSE": (f"Hold on. {_ANSWERED}", Pause()),
    "SEEK": (f"Go on from another moment of the track. {_ANSWERED}", Seek(position=61.5)),
    "NEXT_TRACK": (f"Go on with the next item. {_ANSWERED}", NextTrack()),
    "PREVIOUS_TRACK": (f"Back to the beginning, or from there to the item before. {_ANSWERED}", PreviousTrack()),
    "SET_VOLUME": (f"Louder or quieter. {_ANSWERED}", SetVolume(volume=0.8)),
    "ADD_TRACK": (f"Put a track into the queue. {_ANSWERED}", AddTrack(track_id=TRACK_ID, position=0)),
    "REMOVE_TRACK": (f"Take an item out of the queue. {_ANSWERED}", RemoveTrack(item_id="3")),
    "CLEAR_QUEUE": (f"Empty the queue and stop. {_ANSWERED}", ClearQueue()),
    "REORDER_QUEUE": (
        f"Move an item; CONFLICT where the queue has another version by now. {_ANSWERED}",
        ReorderQueue(item_id="3", position=0, version=7),
    ),
}
"""What clients may say, with an example of each payload."""

CLOSES: Mapping[Close, str] = {
    Close.GOING_AWAY: "the server stops, or its database is away",
    Close.INTERNAL: "something went wrong here",
    Close.SILENT: "nothing was heard for two heartbeats",
    Close.UNAUTHENTICATED: "nobody knows who you are",
    Close.FORBIDDEN: "you may not",
    Close.TOO_SLOW: "too much waited for you",
    Close.TOO_MANY: "too many messages from you",
    Close.BAD_MESSAGE: "three bad messages in a row",
}
"""Why the server closes a socket."""

DESCRIPTION = f"""\
Messages are JSON in text frames, the same both ways: `type`, `payload`, `requestId` (yours, given back with the answer), `timestamp`, `version` ({VERSION}) and,
for events of the durable log, `seq`. Numbers grow by one and have no gap for who hears all topics, but for what belongs to other users (their players); the same event is the same on `/ws`, as Server-Sent
Events and as lines of JSON, also after a restart. Whoever comes back says the last number seen, and gets what followed; RESYNC says that this is not to be
had any more. The server pings every `heartbeatSeconds`.
"""

_CHANNELS = {
    "socket": ("/ws", "The live socket.", "ws"),
    "events": (
        "/api/v1/events",
        "The feed as Server-Sent Events: `id:` is the number, `event:` the type, `data:` the message.",
        "http",
    ),
    "lines": ("/api/v1/events.ndjson", "The feed as lines of JSON.", "http"),
    "logs": ("/api/v1/logs", "What the service logs, as Server-Sent Events: `id:` is the line's place.", "http"),
}
_STREAMED = tuple(
    kind for kind, told in TOLD.items() if told.topic is not None or kind in {"ERROR", "RESYNC", "GOODBYE"}
)


def asyncapi(*, version: str) -> dict[str, Any]:
    """The document, JSON-ready.

    Args:
        version: of the program.
    """
    kinds = {kind: type(told.example) for kind, told in TOLD.items()}
    said = {kind: PAYLOADS[kind] for kind in SAID}
    schemas, components = shapes([*kinds.values(), *said.values()], sent=said.values())
    messages = {kind: _told(kind, schemas[shape]) for kind, shape in kinds.items()}
    messages |= {kind: _said(kind, schemas[shape]) for kind, shape in said.items()}
    heard = {"socket": tuple(TOLD), "events": _STREAMED, "lines": _STREAMED, "logs": ("LOG", "ERROR", "GOODBYE")}
    taken = {"socket": tuple(SAID)}
    operations = {f"{name}Told": _operation("send", name, kinds) for name, kinds in heard.items()}
    operations |= {f"{name}Said": _operation("receive", name, kinds) for name, kinds in taken.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Rookery, live",
            "version": version,
            "description": f"{DESCRIPTION}\n{_closes()}",
            "license": {"name": "MIT"},
        },
        "defaultContentType": JSON,
        "servers": {
            protocol: {
                "host": "127.0.0.1:8000",
                "protocol": protocol,
                "description": "Where the service listens.",
                "security": _security(),
            }
            for protocol in ("ws", "http")
        },
        "channels": {
            name: {
                "address": address,
                "description": text,
                "servers": [{"$ref": f"#/servers/{protocol}"}],
                "messages": {
                    kind: {"$ref": f"#/components/messages/{kind}"} for kind in (*heard[name], *taken.get(name, ()))
                },
            }
            for name, (address, text, protocol) in _CHANNELS.items()
        },
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "What a login gives, or an API key."},
                "key": {"type": "httpApiKey", "in": "header", "name": KEY_HEADER, "description": "An API key."},
            },
        },
    }


def _security() -> list[dict[str, str]]:
    return [{"$ref": f"#/components/securitySchemes/{name}"} for name in ("bearer", "key")]


def _operation(action: str, channel: str, kinds: tuple[str, ...]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{kind}"} for kind in kinds],
    }


def _told(kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    told = TOLD[kind]
    number = {"seq": 43} if told.has_number else {}
    topic = f" Topic `{told.topic}`." if told.topic else ""
    return _message(
        kind, f"{told.meaning}{topic}", payload, msgspec.to_builtins(told.example), has_number=told.has_number, **number
    )


def _said(kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    meaning, example = SAID[kind]
    return _message(kind, meaning, payload, msgspec.to_builtins(example), requestId="7")


def _message(
    kind: str, meaning: str, payload: Mapping[str, Any], example: Any, *, has_number: bool = False, **more: Any
) -> dict[str, Any]:
    properties = {
        "type": {"const": kind},
        "payload": payload,
        "requestId": {"type": ["string", "null"], "description": "Of the message that this answers; null for none."},
        "timestamp": {
            "type": "string",
            "format": "date-time",
            "description": "UTC; of an event, when it was committed.",
        },
        "version": {"const": VERSION},
    }
    if has_number:
        properties["seq"] = {"type": "integer", "minimum": 1, "description": "Number in the durable log."}
    required = ["type", "payload", *(["seq"] if has_number else [])]
    whole = {
        "type": kind,
        "payload": example,
        "requestId": None,
        "timestamp": msgspec.to_builtins(MOMENT),
        "version": VERSION,
        **more,
    }
    return {
        "name": kind,
        "title": kind,
        "summary": meaning,
        "contentType": JSON,
        "payload": {"type": "object", "properties": properties, "required": required},
        "examples": [{"name": kind.lower(), "payload": whole}],
    }


def _closes() -> str:
    told = "; ".join(f"{int(code)}: {meaning}" for code, meaning in CLOSES.items())
    return f"Codes of closing: {told}."
