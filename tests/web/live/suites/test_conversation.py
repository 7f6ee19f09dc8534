"""The examples of docs/messages.md, said to a running server, and every message that it tells: each is seen once, and is as it is described."""

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import pytest
from jsonschema import Draft202012Validator

from actors.broadcaster import _told as told_of_tree
from actors.model.change import (
    AddTrack,
    Change,
    Content,
    FailAnalysis,
    LoseLocations,
    MoveLocation,
    Reading,
    SetContent,
    SetFeatures,
    SetRoot,
)
from actors.model.probe import Probe
from actors.model.root import RootState
from actors.model.track import Failure, Sound, Stage, Tags
from actors.store.store import Store
from supervision import Event, EventKind
from tests.document.messages import document
from tests.web.conftest import measured
from tests.web.live.conftest import Live, Socket
from web.live.asyncapi import SAID
from web.live.payloads import TOLD

TRACK, ROOT_HASH = "a", "0" * 64
SOUND = Sound(container="mp3", codec="mp3", duration_s=214.5, rate_hz=44_100, channels=2)

Message = dict[str, Any]


@attrs.define(eq=False)
class Conversation:
    """One client that says the examples, with the ids that there are, and keeps the first message of each type that it hears."""

    here: Live
    socket: Socket
    examples: dict[str, Message]
    said: set[str] = attrs.field(factory=set)
    heard: dict[str, Message] = attrs.field(factory=dict)

    async def say(self, kind: str, answer: str, **ids: Any) -> Message:
        """Say an example; gives its answer, which must be of this type."""
        payload = {name: value for name, value in self.examples[kind]["payload"].items() if value is not None} | ids
        self.said.add(kind)
        await self.socket.say(kind, payload, f"{kind}-{len(self.said)}")
        message = await self.until(lambda message: message["requestId"] == f"{kind}-{len(self.said)}")
        assert message["type"] == answer, message
        return message

    async def hear(self, kind: str) -> Message:
        """The next message of a type, or the first if that has come already."""
        if kind in self.heard:
            return self.heard[kind]
        return await self.until(lambda message: message["type"] == kind)

    async def until(self, is_it: Callable[[Message], bool]) -> Message:
        """The next such message."""
        await self.here.pump()
        while True:
            message = await self.socket.hear()
            self.heard.setdefault(message["type"], message)
            if is_it(message):
                return message


def changes(root_id: str, folder: bytes) -> list[Change]:
    """What befalls one recording and its root."""
    reading = Reading(root_id=root_id, path=folder + b"/a", size_bytes=1, mtime_ns=1, device=1, inode=1)
    moved = attrs.evolve(reading, path=folder + b"/b")

    def content(title: str) -> Content:
        return Content(stage=Stage.PENDING, probe=Probe(audio_hash=ROOT_HASH, sound=SOUND, tags=Tags(title=title)))

    return [
        AddTrack(track_id=TRACK, reading=reading, content=content("Blue")),
        SetContent(track_id=TRACK, reading=attrs.evolve(reading, mtime_ns=2), content=content("Blue Heron")),
        SetFeatures(track_id=TRACK, audio_hash=ROOT_HASH, features=attrs.evolve(measured(b""), duration_s=214.5)),
        FailAnalysis(
            track_id=TRACK,
            audio_hash=ROOT_HASH,
            failure=Failure(kind="damaged", message="its sound breaks off"),
            quarantine_after=3,
        ),
        MoveLocation(track_id=TRACK, before=reading.path, reading=moved, content=None),
        SetRoot(root_id=root_id, state=RootState.SCANNING, reason=None, device=None, found=3, done=1),
    ]


async def play(talk: Conversation, lose: Callable[[], Awaitable[object]]) -> None:
    """Everything that a player is told, and what it tells; near the end the file of its track is lost."""
    await talk.say("ADD_TRACK", "ACK", trackId=TRACK)
    await talk.say("ADD_TRACK", "ACK", trackId=TRACK)
    queue = (await talk.here.client.get("/api/v1/queue")).json()
    first, second = (item["id"] for item in queue["items"])
    await talk.say("REORDER_QUEUE", "ACK", itemId=second, version=queue["version"])
    await talk.say("PLAY", "ACK")
    await talk.hear("PLAYBACK_POSITION")
    for kind in ("SEEK", "SET_VOLUME", "NEXT_TRACK", "PREVIOUS_TRACK", "PAUSE"):
        await talk.say(kind, "ACK")
    await lose()
    assert not any(item["isPlayable"] for item in (await talk.here.client.get("/api/v1/queue")).json()["items"])
    await talk.hear("VALIDATION_UPDATE")
    await talk.say("REMOVE_TRACK", "ACK", itemId=first)
    await talk.say("CLEAR_QUEUE", "ACK")
    await talk.hear("PLAYER_STATE_UPDATE")
    await talk.hear("QUEUE_UPDATE")


async def catalogue(talk: Conversation, store: Store, folder: bytes) -> None:
    """Everything that can befall a recording, as the actors log it; in the middle it is played."""
    root = await store.roots.add(folder)
    for change in changes(root.id, folder):
        await store.changes.apply([change])
    await play(talk, lambda: store.changes.apply([LoseLocations(paths=(folder + b"/b",))]))
    await store.trash.remove(TRACK, version=None, person_id="local")
    await store.events.add(told_of_tree(Event(kind=EventKind.RESTARTED, path="rookery/web", at_s=1.0, incarnation=2)))
    talk.here.log("a line")
    talk.here.progress(f"track:{TRACK}", 0.5)
    for _ in range(2):
        (await talk.here.client.get("/api/v1/tracks")).raise_for_status()
    for kind, told in TOLD.items():
        if told.topic is not None:
            await talk.hear(kind)


@pytest.fixture
def described() -> dict[str, Any]:
    return document()


async def test_a_conversation_shows_every_message_as_it_is_described(live, fresh_store, described, tmp_path) -> None:
    messages = described["components"]["messages"]
    examples = {kind: message["examples"][0]["payload"] for kind, message in messages.items()}
    async with live(store=fresh_store) as here, here.socket() as socket:
        talk = Conversation(here, socket, examples)
        await talk.say("CONNECT", "WELCOME")
        await talk.hear("RESYNC")  # nothing has happened yet, least of all a forty-second thing
        await talk.say("PING", "PONG")
        await talk.say("GET_CACHE_STATS", "CACHE_STATS")
        await talk.say("SUBSCRIBE", "ACK")
        await talk.say("SUBSCRIBE", "ACK", topics=["player", "supervision", "logs"])
        await catalogue(talk, fresh_store, bytes(tmp_path))
        await talk.say("UNSUBSCRIBE", "ACK")
        await socket.say("HELLO")
        await talk.hear("ERROR")
        here.services.stopping.set()
        await talk.hear("GOODBYE")

    assert talk.said == set(SAID)
    assert set(talk.heard) == set(TOLD)
    for kind, message in talk.heard.items():
        judge = Draft202012Validator({**messages[kind]["payload"], "components": described["components"]})
        assert [error.message for error in judge.iter_errors(message)] == [], kind
        assert message.keys() == examples[kind].keys(), kind
