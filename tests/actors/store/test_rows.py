"""Rows of the catalogue as values of the model."""

from actors.model.track import Failure, Presence, Sound, Stage, Tags
from actors.store.store import Store

TAGS = Tags(
    title="Naïve\nSong",
    artists=("A", "B"),
    album_artists=("C",),
    album="Album",
    genres=("Dub", "Techno"),
    composers=("D",),
    date="1999-03",
    year=1999,
    track_number=1,
    track_total=12,
    disc_number=2,
    disc_total=3,
    isrc="XX",
    musicbrainz_recording_id="m",
    comment="c",
    has_picture=True,
)
SOUND = Sound(container="matroska", codec="opus", duration_s=1.25, rate_hz=48_000, channels=2, bit_rate=None)


async def test_tags_sound_and_failure_come_back_whole(store: Store, add_track):
    import attrs

    track_id = await add_track(store)
    failure = Failure(kind="corrupt", message="bad \0 frame")
    await store.pool.write(
        lambda connection: connection.execute(
            "UPDATE track SET tags = $2, sound = $3, failure = $4, failures = 2, stage = 'failed' WHERE id = $1",
            track_id,
            attrs.asdict(TAGS),
            attrs.asdict(SOUND),
            attrs.asdict(failure),
        )
    )
    track = await store.tracks.find(track_id)
    assert track is not None
    assert track.tags == TAGS
    assert track.sound == SOUND
    assert track.failure == Failure(kind="corrupt", message="bad \ufffd frame")
    assert (track.stage, track.failures) == (Stage.FAILED, 2)


async def test_a_bare_track_is_a_track(store: Store, add_track):
    track_id = await add_track(store, stage="growing", audio_hash=None, file_name="x.flac", size_bytes=7)
    track = await store.tracks.find(track_id)
    assert track is not None
    assert (track.tags, track.sound, track.features, track.failure) == (Tags(), None, None, None)
    assert (track.audio_hash, track.size_bytes, track.version) == (None, 7, 1)


async def test_locations_come_present_first_then_unverified_then_by_path(store: Store, add_track):
    track_id = await add_track(store, path=b"/music/d")
    root = await store.roots.add(b"/music")
    for path, presence in ((b"/music/a", "missing"), (b"/music/b", "unverified"), (b"/music/\xffz", "present")):
        await store.pool.write(
            lambda connection, path=path, presence=presence: connection.execute(
                "INSERT INTO location (track_id, root_id, path, shown, size_bytes, mtime_ns, device, inode, presence) "
                "VALUES ($1, $2, $3, '', $4, $5, $6, $7, $8)",
                *(track_id, root.id, path, 5, -(10**9), 2**64 - 1, 2**64 - 2, presence),
            )
        )
    track = await store.tracks.find(track_id)
    assert track is not None
    assert [location.path for location in track.locations] == [b"/music/d", b"/music/\xffz", b"/music/b", b"/music/a"]
    last = track.locations[1]
    assert (last.mtime_ns, last.device, last.inode) == (-(10**9), 2**64 - 1, 2**64 - 2)
    assert last.presence is Presence.PRESENT
