"""Recordings over HTTP, byte for byte."""

import hashlib
import os
import tracemalloc
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest
import trio
import trio.testing

from actors.config import KIB, MIB
from actors.model.change import LoseLocations
from web.delivery.files import PIECE_BYTES

BODY = bytes(range(256)) * 40


@pytest.fixture
async def address(shelf) -> str:
    return f"/api/v1/tracks/{await shelf.put('Ä b.mp3', BODY)}/audio"


def parts_of(response: httpx.Response) -> list[tuple[str, bytes]]:
    """Content-Range and bytes of each part."""
    kind, _, boundary = response.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/byteranges"
    parts = response.content.split(f"\r\n--{boundary}".encode())
    assert parts[0] == b""
    assert parts[-1] == b"--\r\n"
    found = []
    for part in parts[1:-1]:
        head, _, body = part.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().strip().split("\r\n"))
        assert headers["Content-Type"] == "audio/mpeg"
        found.append((headers["Content-Range"], body))
    return found


async def test_the_whole_file_comes_as_it_is(served, address) -> None:
    response = await served.client.get(address)

    assert response.content == BODY
    assert response.headers["content-type"] == "audio/mpeg"
    assert response.headers["content-length"] == str(len(BODY))
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["content-disposition"] == "inline; filename=\"_ b.mp3\"; filename*=UTF-8''%C3%84%20b.mp3"
    assert parsedate_to_datetime(response.headers["last-modified"])


async def test_a_download_is_saved_under_its_name(served, shelf, refused) -> None:
    track_id = await shelf.put('a "b";\n.mp3', BODY)
    address = f"/api/v1/tracks/{track_id}/audio"
    response = await served.client.get(address, params={"download": "true"}, headers={"Range": "bytes=0-0"})

    assert (response.status_code, response.content) == (206, BODY[:1])
    told = response.headers["content-disposition"]
    assert told == "attachment; filename=\"a _b_;_.mp3\"; filename*=UTF-8''a%20%22b%22%3B%0A.mp3"
    refused(await served.client.get(address, params={"download": "perhaps"}), 422, "VALIDATION_ERROR")


async def test_head_tells_the_same_without_the_bytes(served, address) -> None:
    get = await served.client.get(address)
    head = await served.client.head(address, headers={"Range": "bytes=0-0"})

    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "last-modified", "accept-ranges", "content-disposition"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(
    "asked, told, expected",
    [
        ("bytes=0-9", "bytes 0-9/10240", BODY[:10]),
        ("bytes=10-", "bytes 10-10239/10240", BODY[10:]),
        ("bytes=-5", "bytes 10235-10239/10240", BODY[-5:]),
        ("bytes=10000-99999", "bytes 10000-10239/10240", BODY[10000:]),
        ("bytes=0-5,3-9", "bytes 0-9/10240", BODY[:10]),
    ],
)
async def test_one_range_comes_alone(served, address, asked: str, told: str, expected: bytes) -> None:
    response = await served.client.get(address, headers={"Range": asked})

    assert (response.status_code, response.content) == (206, expected)
    assert response.headers["content-range"] == told
    assert response.headers["content-length"] == str(len(expected))


async def test_several_ranges_come_in_parts(served, address) -> None:
    response = await served.client.get(address, headers={"Range": "bytes=-1,0-1,100-102"})

    assert response.status_code == 206
    assert "content-range" not in response.headers
    assert response.headers["content-length"] == str(len(response.content))
    assert parts_of(response) == [
        ("bytes 0-1/10240", BODY[:2]),
        ("bytes 100-102/10240", BODY[100:103]),
        ("bytes 10239-10239/10240", BODY[-1:]),
    ]


@pytest.mark.parametrize(
    "asked", ["bytes=10240-", "bytes=-0", "bytes=" + ",".join(f"{2 * n}-{2 * n}" for n in range(11))]
)
async def test_what_cannot_be_had_is_416(served, address, refused, asked: str) -> None:
    response = await served.client.get(address, headers={"Range": asked})

    refused(response, 416, "RANGE_NOT_SATISFIABLE")
    assert response.headers["content-range"] == "bytes */10240"


@pytest.mark.parametrize("asked", ["bytes=9-0", "bytes=x", "items=0-9", "bytes", ""])
async def test_what_is_no_range_is_ignored(served, address, asked: str) -> None:
    response = await served.client.get(address, headers={"Range": asked})
    assert (response.status_code, response.content) == (200, BODY)


async def test_a_range_of_another_version_brings_the_whole(served, address) -> None:
    head = (await served.client.head(address)).headers
    for if_range, status in (
        (head["etag"], 206),
        (head["last-modified"], 206),
        ('"other"', 200),
        ("W/" + head["etag"], 200),
    ):
        response = await served.client.get(address, headers={"Range": "bytes=0-9", "If-Range": if_range})
        assert response.status_code == status


async def test_conditions_spare_the_bytes(served, address, refused) -> None:
    head = (await served.client.head(address)).headers
    for headers in ({"If-None-Match": head["etag"]}, {"If-Modified-Since": head["last-modified"]}):
        response = await served.client.get(address, headers={**headers, "Range": "bytes=0-9"})
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["etag"] == head["etag"]
    refused(await served.client.get(address, headers={"If-Match": '"other"'}), 412, "PRECONDITION_FAILED")


async def test_other_bytes_have_another_tag(served, shelf) -> None:
    track_id = await shelf.put("changing.mp3", b"one")
    before = (await served.client.head(f"/api/v1/tracks/{track_id}/audio")).headers["etag"]
    (shelf.folder / "changing.mp3").write_bytes(b"other")
    after = await served.client.get(f"/api/v1/tracks/{track_id}/audio")

    assert after.content == b"other"
    assert after.headers["etag"] != before


async def test_an_empty_file_is_empty(served, shelf, refused) -> None:
    address = f"/api/v1/tracks/{await shelf.put('empty.mp3', b'')}/audio"
    response = await served.client.get(address)

    assert (response.status_code, response.content, response.headers["content-length"]) == (200, b"", "0")
    refused(await served.client.get(address, headers={"Range": "bytes=0-"}), 416, "RANGE_NOT_SATISFIABLE")


async def test_a_name_need_not_be_utf_8(served, shelf) -> None:
    track_id = await shelf.put(b"caf\xe9.mp3", BODY)
    response = await served.client.get(f"/api/v1/tracks/{track_id}/audio")

    assert response.content == BODY
    assert "caf_.mp3" in response.headers["content-disposition"]


async def test_a_file_that_is_gone_is_a_problem(served, shelf, refused) -> None:
    gone = await shelf.put("gone.mp3", BODY)
    (shelf.folder / "gone.mp3").unlink()
    refused(await served.client.get(f"/api/v1/tracks/{gone}/audio"), 404, "NOT_FOUND")
    await shelf.store.changes.apply([LoseLocations(paths=(os.fsencode(shelf.folder / "gone.mp3"),))])
    told = refused(await served.client.get(f"/api/v1/tracks/{gone}/audio"), 404, "NOT_FOUND")
    assert told["details"]["presence"] == "missing"


async def test_what_is_no_file_any_more_is_a_problem(served, shelf, refused) -> None:
    track_id = await shelf.put("folder.mp3", BODY)
    (shelf.folder / "folder.mp3").unlink()
    (shelf.folder / "folder.mp3").mkdir()
    told = refused(await served.client.get(f"/api/v1/tracks/{track_id}/audio"), 404, "NOT_FOUND")
    assert "regular" in told["details"]["reason"]


async def test_a_disk_that_fails_is_a_problem_that_may_pass(served, shelf, refused) -> None:
    track_id = await shelf.put("circle.mp3", BODY)
    (shelf.folder / "circle.mp3").unlink()
    (shelf.folder / "circle.mp3").symlink_to(shelf.folder / "circle.mp3")
    refused(await served.client.get(f"/api/v1/tracks/{track_id}/audio"), 503, "UNAVAILABLE")


async def test_a_link_out_of_the_root_is_a_missing_file(served, shelf, refused, tmp_path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (shelf.folder / "moved.mp3").write_bytes(BODY)
    for target, is_there in ((tmp_path / "secret", False), (shelf.folder / "moved.mp3", True)):
        track_id = await shelf.put(f"to {target.name}.mp3", BODY)
        link = shelf.folder / f"to {target.name}.mp3"
        link.unlink()
        link.symlink_to(target)
        response = await served.client.get(f"/api/v1/tracks/{track_id}/audio")
        if is_there:
            assert response.content == BODY
        else:
            refused(response, 404, "NOT_FOUND")


async def test_what_is_opened_is_analyzed_next(served, shelf) -> None:
    track_id = await shelf.put("wanted.mp3", BODY)
    for number in range(3):
        await shelf.put(f"newer {number}.mp3", BODY)
    await served.client.head(f"/api/v1/tracks/{track_id}/audio")
    claim = await served.store.features.claim()

    assert claim.track_id == track_id


async def test_unknown_tracks_and_parameters_are_refused(served, address, refused) -> None:
    refused(await served.client.get("/api/v1/tracks/nope/audio"), 404, "TRACK_NOT_FOUND")
    refused(await served.client.get(f"{address}?speed=1"), 422, "VALIDATION_ERROR")


async def test_a_gigabyte_passes_through_little_memory(served, shelf) -> None:
    size = 1 << 30
    path = shelf.folder / "long.mp3"
    with path.open("wb") as file:
        file.truncate(size)
    (track_id,) = await shelf.put_many([os.fsencode(path)])
    received, most = 0, 0
    async with served.client.stream(
        "GET", f"/api/v1/tracks/{track_id}/audio", headers={"Range": f"bytes={size - 2**26}-"}
    ) as response:
        async for piece in response.aiter_raw():
            received += len(piece)
            most = max(most, len(piece))

    assert received == 2**26
    assert most <= PIECE_BYTES
    assert response.headers["content-range"].endswith(f"/{size}")


async def asked_by_hand(served, path: str) -> trio.SocketStream:
    """A connection on which a file was asked for; nothing of the answer is read yet."""
    stream = await trio.open_tcp_stream("127.0.0.1", httpx.URL(served.url).port)
    await stream.send_all(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return stream


async def test_a_client_that_leaves_leaves_nothing_open(served, shelf) -> None:
    path = shelf.folder / "left.mp3"
    path.write_bytes(b"")
    os.truncate(path, 1 << 28)
    (track_id,) = await shelf.put_many([os.fsencode(path)])
    async with await asked_by_hand(served, f"/api/v1/tracks/{track_id}/audio") as stream:
        await stream.receive_some()
        assert is_open(path)

    with trio.fail_after(5):
        while is_open(path):
            await trio.testing.wait_all_tasks_blocked()


def is_open(path: Path) -> bool:
    links = (f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd"))
    return any(os.path.realpath(link) == str(path.resolve()) for link in links)


async def test_a_file_replaced_meanwhile_is_sent_as_it_was(served, shelf) -> None:
    path = shelf.folder / "replaced.mp3"
    size = 1 << 26
    path.write_bytes(b"old")
    os.truncate(path, size)
    (track_id,) = await shelf.put_many([os.fsencode(path)])
    received = bytearray()
    async with served.client.stream("GET", f"/api/v1/tracks/{track_id}/audio") as response:
        pieces = response.aiter_raw()
        received += await anext(pieces)
        (shelf.folder / "new").write_bytes(b"new")
        (shelf.folder / "new").replace(path)
        async for piece in pieces:
            received += piece

    assert received[:4] == b"old\0"
    assert len(received) == size
    assert (await served.client.get(f"/api/v1/tracks/{track_id}/audio")).content == b"new"


async def test_a_few_ranges_of_gigabytes_read_no_more_than_they_are(served, shelf) -> None:
    path, size = shelf.folder / "huge.mp3", 5 << 30
    with path.open("wb") as file:
        file.truncate(size)
        for at in (0, 1 << 31, size - 4):
            file.seek(at)
            file.write(b"here")
    (track_id,) = await shelf.put_many([os.fsencode(path)])
    wanted = f"bytes=0-3,{1 << 31}-{(1 << 31) + 3},-4"
    tracemalloc.start()
    try:
        response = await served.client.get(f"/api/v1/tracks/{track_id}/audio", headers={"Range": wanted})
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert [body for _, body in parts_of(response)] == [b"here"] * 3
    assert most < 16 * MIB


async def test_a_client_that_reads_slowly_costs_little_memory(served, shelf) -> None:
    path = shelf.folder / "slow.mp3"
    path.write_bytes(b"")
    os.truncate(path, 4 << 30)
    (track_id,) = await shelf.put_many([os.fsencode(path)])
    tracemalloc.start()
    try:
        async with await asked_by_hand(served, f"/api/v1/tracks/{track_id}/audio") as stream:
            for _ in range(200):
                await stream.receive_some(4 * KIB)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 16 * MIB


async def test_a_file_cut_short_meanwhile_breaks_the_answer(served, shelf) -> None:
    path = shelf.folder / "cut.mp3"
    path.write_bytes(b"")
    os.truncate(path, 1 << 26)
    (track_id,) = await shelf.put_many([os.fsencode(path)])
    received = 0
    async with await asked_by_hand(served, f"/api/v1/tracks/{track_id}/audio") as stream:
        received += len(await stream.receive_some())
        os.truncate(path, 0)
        with trio.fail_after(5):
            async for piece in stream:
                received += len(piece)

    assert 0 < received < 1 << 26


async def test_ranges_put_together_are_the_file(served, address) -> None:
    digest = hashlib.sha256()
    for start in range(0, len(BODY), 1000):
        response = await served.client.get(address, headers={"Range": f"bytes={start}-{start + 999}"})
        digest.update(response.content)

    assert digest.digest() == hashlib.sha256(BODY).digest()
