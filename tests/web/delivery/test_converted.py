"""Recordings in another form over HTTP: real files, real sockets, real processes."""

import contextlib
import io
import os

import av
import httpx
import numpy as np
import psutil
import pytest
import trio

from actors.config import KIB
from actors.media.encode import available_forms
from actors.media.synthesis import Piece
from actors.media.writing import write_recording, write_samples
from actors.model.track import Sound, Tags
from web.delivery import converted

LONG_S = 300.0
TYPES = {"mp3": "audio/mpeg", "opus": "audio/ogg; codecs=opus", "aac": "audio/aac"}


@pytest.fixture(scope="module")
def piece(tmp_path_factory) -> bytes:
    """A recording of some seconds."""
    path = tmp_path_factory.mktemp("pieces") / "piece.flac"
    return write_recording(path, Piece(bpm=120, tonic=9), length_s=6.0).read_bytes()


@pytest.fixture(scope="module")
def long_noise(tmp_path_factory) -> bytes:
    """Minutes of noise, which no encoder makes small."""
    path = tmp_path_factory.mktemp("pieces") / "long.wav"
    samples = np.random.default_rng(1).normal(0, 0.2, (1, int(LONG_S) * 8_000)).astype(np.float32)
    return write_samples(path, samples, rate_hz=8_000).read_bytes()


@pytest.fixture
async def address(shelf, piece) -> str:
    tags = Tags(title="Räk", artists=("Ann", "Bo"), album="Nest", track_number=3, track_total=9)
    sound = Sound(container="flac", codec="flac", duration_s=6.0, rate_hz=44_100, channels=2)
    return f"/api/v1/tracks/{await shelf.put('a piece.flac', piece, tags=tags, sound=sound)}/audio"


@pytest.fixture
async def long_address(shelf, long_noise) -> str:
    sound = Sound(container="wav", codec="pcm_s16le", duration_s=LONG_S, rate_hz=8_000, channels=1)
    return f"/api/v1/tracks/{await shelf.put('long.wav', long_noise, sound=sound)}/audio"


def duration_s(data: bytes) -> float:
    with av.open(io.BytesIO(data)) as container:
        rate_hz = container.streams.audio[0].codec_context.sample_rate
        return sum(frame.samples for frame in container.decode(audio=0)) / rate_hz


@pytest.mark.parametrize("form", TYPES)
async def test_a_recording_comes_in_the_form_that_is_asked_for(served, address, form) -> None:
    response = await served.client.get(address, params={"format": form})

    assert response.status_code == 200
    assert response.headers["content-type"] == TYPES[form]
    assert response.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in response.headers
    assert "accept-ranges" not in response.headers
    assert f'inline; filename="a piece.{form}"' in response.headers["content-disposition"]
    assert duration_s(response.content) == pytest.approx(6.0, abs=0.1)
    with av.open(io.BytesIO(response.content)) as container:
        found = {**container.metadata, **container.streams.audio[0].metadata}
    if form != "aac":
        assert {name.lower(): value for name, value in found.items()} == {
            "title": "Räk",
            "artist": "Ann; Bo",
            "album": "Nest",
            "track": "3/9",
        }


async def test_it_begins_at_the_start_and_takes_the_bit_rate(served, address) -> None:
    response = await served.client.get(address, params={"format": "mp3", "start": "4.5", "bitRate": "64000"})

    assert duration_s(response.content) == pytest.approx(1.5, abs=0.1)
    assert len(response.content) < 20_000


async def test_a_range_is_not_for_it(served, address) -> None:
    response = await served.client.get(address, params={"format": "opus"}, headers={"Range": "bytes=0-9"})

    assert response.status_code == 200
    assert duration_s(response.content) == pytest.approx(6.0, abs=0.1)


async def test_head_and_what_one_has_already_start_nothing(served, address) -> None:
    query = {"format": "mp3", "download": "true"}
    get = await served.client.get(address, params=query)
    head = await served.client.head(address, params=query)
    known = await served.client.get(address, params=query, headers={"If-None-Match": get.headers["etag"]})
    later = await served.client.head(address, params={**query, "start": "1"})

    assert (head.status_code, head.content, known.status_code) == (200, b"", 304)
    assert "content-length" not in head.headers
    for name in ("etag", "content-type", "content-disposition", "last-modified"):
        assert head.headers[name] == get.headers[name]
    assert head.headers["content-disposition"].startswith("attachment")
    assert later.headers["etag"] != head.headers["etag"]
    assert served.services.streams.statistics().started == 1


@pytest.mark.parametrize(
    "query, field",
    [
        ("format=wav", "format"),
        ("format=mp3&format=mp3", "format"),
        ("format=mp3&bitRate=128", "bitRate"),
        ("format=opus&bitRate=400000", "bitRate"),
        ("format=aac&bitRate=-1", "bitRate"),
        ("format=aac&bitRate=x", "bitRate"),
        ("format=aac&bitRate=99999999999999999999", "bitRate"),
        ("format=mp3&start=-1", "start"),
        ("format=mp3&start=nan", "start"),
        ("format=mp3&start=1e8", "start"),
        ("format=mp3&start=%00", "start"),
    ],
)
async def test_values_that_cannot_be_used_are_named(served, address, refused, query: str, field: str) -> None:
    for method in ("GET", "HEAD"):
        response = await served.client.request(method, f"{address}?{query}")
        assert response.status_code == 422
    told = refused(await served.client.get(f"{address}?{query}"), 422, "VALIDATION_ERROR")

    assert [error["field"] for error in told["errors"]] == [field]
    assert served.services.streams.statistics().started == 0


async def test_a_form_that_ffmpeg_cannot_write_is_refused(served, address, refused, monkeypatch) -> None:
    monkeypatch.setattr(converted, "available_forms", lambda: available_forms()[1:])
    told = refused(await served.client.get(f"{address}?format=mp3"), 422, "VALIDATION_ERROR")

    assert "opus, aac" in told["errors"][0]["message"]


@pytest.mark.parametrize("query", ["format=mp3&start=1e3", "format=aac&start=6", "start=60"])
async def test_a_start_behind_the_end_is_no_part_of_the_recording(served, address, refused, query) -> None:
    told = refused(await served.client.get(f"{address}?{query}"), 416, "RANGE_NOT_SATISFIABLE")

    assert "ends at 6" in told["message"]
    assert served.services.streams.statistics().started == 0


async def test_a_start_behind_what_the_file_really_holds_is_no_part_of_it_either(served, shelf, piece, refused) -> None:
    sound = Sound(container="flac", codec="flac", duration_s=600.0, rate_hz=44_100, channels=2)
    track_id = await shelf.put("short.flac", piece, sound=sound)
    answer = await served.client.get(f"/api/v1/tracks/{track_id}/audio?format=mp3&start=60")

    assert refused(answer, 416, "RANGE_NOT_SATISFIABLE")["details"] == {"field": "start"}


@pytest.mark.parametrize("query", ["start=4.5", "bitRate=100000", "bitRate=6000"])
async def test_who_names_no_form_gets_the_first(served, address, query) -> None:
    answer = await served.client.head(f"{address}?{query}")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/mpeg")


async def test_a_bit_rate_that_the_form_has_not_is_the_nearest(served, address) -> None:
    async def tag(query: str) -> str:
        answer = await served.client.head(f"{address}?{query}")
        return answer.headers["etag"]

    assert await tag("format=mp3&bitRate=100000") == await tag("format=mp3&bitRate=96000")
    assert await tag("format=opus&bitRate=320000") == await tag("format=opus&bitRate=256000")
    assert await tag("format=opus&bitRate=6001") != await tag("format=opus&bitRate=6000")


@pytest.mark.parametrize("body", [b"", b"no sound", b"fLaC" + bytes(500)], ids=["empty", "text", "torn"])
async def test_what_holds_no_sound_is_a_problem(served, shelf, refused, body: bytes) -> None:
    track_id = await shelf.put("bad.flac", body)
    told = refused(await served.client.get(f"/api/v1/tracks/{track_id}/audio?format=mp3"), 422, "UNPLAYABLE")

    assert told["details"]["kind"] in {"no_audio", "corrupt"}
    assert served.services.streams.statistics().running == 0


async def asked_by_hand(served, path: str) -> trio.SocketStream:
    """A connection on which a conversion was asked for; nothing of the answer is read yet."""
    stream = await trio.open_tcp_stream("127.0.0.1", httpx.URL(served.url).port)
    stream.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, 4 * KIB)
    await stream.send_all(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return stream


def sources() -> list[psutil.Process]:
    """The processes that convert, dead ones that nobody waited for included."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.status() == psutil.STATUS_ZOMBIE or "actors.work.source" in child.cmdline():
                found.append(child)
    return found


async def until(condition) -> None:
    with trio.fail_after(20):
        while not condition():
            await trio.lowlevel.checkpoint()


async def test_a_client_that_leaves_ends_the_process(served, long_address) -> None:
    async with await asked_by_hand(served, f"{long_address}?format=mp3&bitRate=320000") as stream:
        head = await stream.receive_some()
        assert head.startswith(b"HTTP/1.1 200")
        assert len(sources()) == 1

    await until(lambda: not sources())
    await until(lambda: served.services.streams.statistics().running == 0)


async def test_a_client_that_leaves_before_the_first_byte_ends_the_process(served, long_address) -> None:
    async with await asked_by_hand(served, f"{long_address}?format=mp3"):
        await until(sources)

    await until(lambda: not sources())


async def test_a_client_that_takes_nothing_is_dropped_and_its_process_ended(store, served_over, long_address) -> None:
    async with served_over(store, stall_s=0.5) as served:
        stream = await asked_by_hand(served, f"{long_address}?format=mp3&bitRate=320000")
        await stream.receive_some()
        assert len(sources()) == 1
        await until(lambda: not sources())
        await stream.aclose()


async def test_the_end_of_the_server_ends_the_processes(store, served_over, long_address) -> None:
    async with served_over(store) as served:
        stream = await asked_by_hand(served, f"{long_address}?format=mp3&bitRate=320000")
        await stream.receive_some()

    assert sources() == []
    await stream.aclose()


async def test_a_file_cut_short_meanwhile_breaks_the_answer(served, shelf, long_address) -> None:
    received = bytearray()
    async with await asked_by_hand(served, f"{long_address}?format=mp3&bitRate=320000") as stream:
        received += await stream.receive_some()
        os.truncate(shelf.folder / "long.wav", 1_000_000)
        with trio.fail_after(60):
            async for data in stream:
                received += data

    assert received.startswith(b"HTTP/1.1 200")
    assert not received.endswith(b"\r\n0\r\n\r\n")
    await until(lambda: not sources())


async def test_more_than_may_run_are_told_to_come_later(served, long_address, refused) -> None:
    most = served.services.config.conversions
    path = f"{long_address}?format=mp3&bitRate=320000"
    streams = [await asked_by_hand(served, path) for _ in range(most)]
    for stream in streams:
        await stream.receive_some()
    response = await served.client.get(path)
    for stream in streams:
        await stream.aclose()

    refused(response, 503, "OVERLOADED")
    assert int(response.headers["retry-after"]) > 0
    assert (await served.client.get(f"{long_address}?format=aac&start=299")).status_code == 200
    await until(lambda: not sources())
