"""What the feed really tells has the shapes that are told of it."""

from datetime import UTC, datetime

import attrs
import msgspec

from actors.broadcaster import _told
from actors.model.change import (
    AddTrack,
    Content,
    FailAnalysis,
    LoseLocations,
    MoveLocation,
    Reading,
    SetContent,
    SetFeatures,
    SetRoot,
)
from actors.model.features import Features, Loudness
from actors.model.log_line import Entry, Heard, Level, LogLine
from actors.model.player import Deck, Player, PlayerState
from actors.model.player_queue import QueueItem
from actors.model.player_view import told as player_told
from actors.model.probe import Probe
from actors.model.root import RootState
from actors.model.track import Failure, Sound, Stage, Tags
from actors.reporter import passing
from supervision import Event, EventKind
from web.live.payloads import TOLD

SOUND = Sound(container="mp3", codec="mp3", duration_s=61.5, rate_hz=44_100, channels=2)
SILENCE = Loudness(
    integrated_lufs=None,
    range_lu=None,
    true_peak_dbtp=None,
    sample_peak_dbfs=None,
    max_momentary_lufs=None,
    max_short_term_lufs=None,
)


def again(kind: str, payload: object) -> object:
    """A payload read by the shape that is told of it, and written; a field that is not told of is refused."""
    return msgspec.json.decode(msgspec.json.encode(msgspec.convert(payload, type(TOLD[kind].example))))


async def test_every_event_of_the_catalogue_has_the_shape_that_is_told(fresh_store, tmp_path) -> None:
    root = await fresh_store.roots.add(bytes(tmp_path))
    place, other = bytes(tmp_path) + b"/a", bytes(tmp_path) + b"/b"
    reading = Reading(root_id=root.id, path=place, size_bytes=1, mtime_ns=1, device=1, inode=1)
    content = Content(stage=Stage.PENDING, probe=Probe(audio_hash="0" * 64, sound=SOUND, tags=Tags()))
    retagged = Content(
        stage=Stage.PENDING, probe=Probe(audio_hash="0" * 64, sound=SOUND, tags=Tags(title="Blue Heron"))
    )
    newest = (await fresh_store.events.bounds())[1]
    for change in (
        AddTrack(track_id="a", reading=reading, content=content),
        SetContent(track_id="a", reading=attrs.evolve(reading, mtime_ns=2), content=retagged),
        SetFeatures(
            track_id="a",
            audio_hash="0" * 64,
            features=Features(version=1, duration_s=60.0, loudness=SILENCE, tempo=None, key=None, peaks=b""),
        ),
        FailAnalysis(
            track_id="a", audio_hash="0" * 64, failure=Failure(kind="damaged", message="noise"), quarantine_after=3
        ),
        MoveLocation(track_id="a", before=place, reading=attrs.evolve(reading, path=other), content=None),
        LoseLocations(paths=(other,)),
        SetRoot(root_id=root.id, state=RootState.SCANNING, reason=None, device=None, found=3, done=1),
    ):
        await fresh_store.changes.apply([change])
    await fresh_store.trash.remove("a", version=None, person_id="local")

    events = await fresh_store.events.after(newest, 100)

    assert {event.type for event in events} == {
        kind for kind, told in TOLD.items() if told.topic in {"tracks", "progress"} and told.has_number
    }
    for event in events:
        assert again(event.type, event.payload) == event.payload, event.type


async def test_what_happens_in_the_tree_has_the_shape_that_is_told() -> None:
    event = _told(Event(kind=EventKind.BACKOFF, path="rookery/web", at_s=1.0, incarnation=2, delay_s=0.5))

    assert again(event.type, event.payload) == event.payload


async def test_what_the_service_logs_has_the_shape_that_is_told() -> None:
    line = LogLine(at=datetime(2026, 3, 1, tzinfo=UTC), level=Level.INFO, logger="l", message="m", fields={"n": 1})
    message = passing(Heard(entry=Entry(number=1, line=line), dropped=0), run="r")
    payload = msgspec.to_builtins(message.payload)

    assert again(message.type, payload) == payload


async def test_what_a_player_tells_has_the_shape_that_is_told() -> None:
    item = QueueItem(id="1", track_id="t")
    before = Deck(player=Player(since=datetime(2026, 3, 1, tzinfo=UTC)))
    after = Deck(
        player=attrs.evolve(before.player, state=PlayerState.PLAYING, item=item, length_s=61.5, version=1),
        queue=before.queue.with_items([item]),
    )
    events = player_told(before, after)

    assert [kind for kind, _ in events] == ["QUEUE_UPDATE", "PLAYER_STATE_UPDATE"]
    for kind, payload in events:
        assert again(kind, payload) == msgspec.json.decode(msgspec.json.encode(payload))
