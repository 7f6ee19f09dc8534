"""Measurements and the analysis queue."""

import attrs
import pytest
import trio

from actors.config import LONGEST_ANALYSIS_S, MINUTES, Config
from actors.model.change import Reading
from actors.model.features import Features, Key, Loudness, Tempo
from actors.model.track import Stage
from actors.store.features import put
from actors.store.store import Store

QUIET = Loudness(
    integrated_lufs=None,
    range_lu=None,
    true_peak_dbtp=None,
    sample_peak_dbfs=None,
    max_momentary_lufs=None,
    max_short_term_lufs=None,
)
LOUD = Loudness(
    integrated_lufs=-9.5,
    range_lu=3.25,
    true_peak_dbtp=-0.5,
    sample_peak_dbfs=-0.75,
    max_momentary_lufs=-6.0,
    max_short_term_lufs=-7.0,
)
FULL = Features(
    version=1,
    duration_s=61.25,
    loudness=LOUD,
    tempo=Tempo(bpm=174.5, confidence=0.875, alternatives=(87.25, 116.0)),
    key=Key(tonic=9, is_minor=True, confidence=0.5),
    peaks=bytes(range(256)),
)
SILENT = Features(version=1, duration_s=0.5, loudness=QUIET, tempo=None, key=None, peaks=b"")


async def test_measurements_come_back_as_they_were_put(store: Store, add_track):
    for features in (FULL, SILENT):
        track_id = await add_track(store, duration_s=60.0)
        assert await store.pool.write(lambda c, i=track_id, f=features: put(c, i, f"hash of {i}", f))
        track = await store.tracks.find(track_id)
        assert track is not None
        assert track.features == attrs.evolve(features, peaks=b"")
        assert track.stage is Stage.ANALYZED
        assert await store.features.peaks(track_id) == features.peaks


async def test_new_measurements_replace_the_old(store: Store, add_track):
    track_id = await add_track(store)
    for features in (FULL, SILENT):
        await store.pool.write(lambda c, f=features: put(c, track_id, f"hash of {track_id}", f))
    track = await store.tracks.find(track_id)
    assert track is not None
    assert track.features == SILENT


async def test_measurements_of_other_bytes_change_nothing(store: Store, add_track):
    track_id = await add_track(store)
    assert not await store.pool.write(lambda c: put(c, track_id, "hash of what it was before", FULL))
    assert not await store.pool.write(lambda c: put(c, "nobody", "any", FULL))
    track = await store.tracks.find(track_id)
    assert track is not None
    assert track.features is None
    assert track.stage is Stage.PENDING


async def test_there_is_no_waveform_of_what_is_not_analyzed(store: Store, add_track):
    assert await store.features.peaks(await add_track(store)) is None
    assert await store.features.peaks("nobody") is None
    assert await store.features.peaks("\0") is None


async def claims(store: Store) -> list[str]:
    found = []
    while (claim := await store.features.claim()) is not None:
        found.append(claim.track_id)
    return found


async def test_claims_come_by_priority_then_untried_then_newest(fresh_store: Store, add_track):
    store = fresh_store
    old = await add_track(store)
    new = await add_track(store)
    asked = await add_track(store, priority=1)
    failed = await add_track(store, stage="failed")
    await store.pool.write(lambda c: c.execute("UPDATE track SET failures = 1 WHERE id = $1", failed))
    assert await store.features.waiting() == 4
    assert await claims(store) == [asked, new, old, failed]
    assert await store.features.waiting() == 0


async def test_only_what_can_be_analyzed_is_claimed(fresh_store: Store, add_track):
    for values in (
        {"stage": "growing", "audio_hash": None},
        {"stage": "failed", "audio_hash": None},
        {"stage": "analyzed"},
        {"stage": "quarantined"},
        {"presence": "missing"},
        {"presence": "unverified"},
    ):
        await add_track(fresh_store, **values)
    assert await claims(fresh_store) == []
    assert await fresh_store.features.waiting() == 0


async def test_a_claim_names_the_best_present_location(fresh_store: Store, add_track):
    track_id = await add_track(fresh_store, path=b"/music/\xff b")
    await fresh_store.pool.write(
        lambda c: c.execute(
            "INSERT INTO location (track_id, root_id, path, shown, size_bytes, mtime_ns, device, inode, presence) "
            "SELECT track_id, root_id, $2, '', 1, 1, 1, 1, 'missing' FROM location WHERE track_id = $1",
            track_id,
            b"/music/a",
        )
    )
    claim = await fresh_store.features.claim()
    assert claim is not None
    assert (claim.track_id, claim.audio_hash, claim.path) == (track_id, f"hash of {track_id}", b"/music/\xff b")


async def test_a_claim_carries_what_stat_said_of_the_file(fresh_store: Store, add_track):
    track_id = await add_track(fresh_store, path=b"/music/a", size_bytes=2**40)
    root = await fresh_store.roots.add(b"/music")
    await fresh_store.pool.write(
        lambda c: c.execute("UPDATE location SET mtime_ns = 2::numeric ^ 70, device = 2::numeric ^ 64 - 1, inode = 7")
    )
    claim = await fresh_store.features.claim()
    assert claim is not None
    assert claim.track_id == track_id
    assert claim.reading == Reading(
        root_id=root.id, path=b"/music/a", size_bytes=2**40, mtime_ns=2**70, device=2**64 - 1, inode=7
    )


async def test_a_claim_outlasts_the_longest_analysis(fresh_store: Store, add_track):
    await add_track(fresh_store)
    await claims(fresh_store)
    with pytest.raises(ValueError, match="analysis_limit_s"):
        Config(analysis_limit_s=LONGEST_ANALYSIS_S + 1)
    longest = Config(analysis_limit_s=LONGEST_ANALYSIS_S).analysis_limit_s
    await fresh_store.pool.write(
        lambda c: c.execute(
            "UPDATE track SET claimed_at = claimed_at - make_interval(secs => $1)", longest + 2 * MINUTES
        )
    )
    assert await claims(fresh_store) == []


async def test_what_somebody_asked_for_comes_first(fresh_store: Store, add_track):
    ids = [await add_track(fresh_store) for _ in range(3)]
    assert await fresh_store.features.prioritize(ids[0])
    assert await fresh_store.features.prioritize(ids[1])
    assert not await fresh_store.features.prioritize("nobody")
    assert await claims(fresh_store) == [ids[1], ids[0], ids[2]]


async def test_released_claims_can_be_claimed_again(fresh_store: Store, add_track):
    ids = {await add_track(fresh_store) for _ in range(3)}
    first = await claims(fresh_store)
    await fresh_store.features.release(first[0])
    assert await claims(fresh_store) == [first[0]]
    assert await fresh_store.features.release_all() == 3
    assert set(await claims(fresh_store)) == ids


async def test_a_claim_released_for_later_rests_a_minute(fresh_store: Store, add_track):
    track_id = await add_track(fresh_store)
    await claims(fresh_store)
    await fresh_store.features.release(track_id, later=True)
    assert await claims(fresh_store) == []
    await fresh_store.pool.write(
        lambda c: c.execute("UPDATE track SET claimed_at = claimed_at - interval '61 seconds' WHERE id = $1", track_id)
    )
    assert await claims(fresh_store) == [track_id]


async def test_a_claim_of_a_claimer_that_died_ends(fresh_store: Store, add_track):
    track_id = await add_track(fresh_store)
    await claims(fresh_store)
    await fresh_store.pool.write(
        lambda c: c.execute("UPDATE track SET claimed_at = claimed_at - interval '16 minutes' WHERE id = $1", track_id)
    )
    assert await claims(fresh_store) == [track_id]


async def test_claimers_at_once_never_get_the_same(fresh_store: Store, add_track):
    ids = [await add_track(fresh_store) for _ in range(30)]
    claimed: list[str] = []

    async def claimer() -> None:
        claimed.extend(await claims(fresh_store))

    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(claimer)
    assert sorted(claimed) == ids
