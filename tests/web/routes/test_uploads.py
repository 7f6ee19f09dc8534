"""Uploads over HTTP."""

import os
from contextlib import asynccontextmanager

import httpx
import pytest
import trio

from web.front.outgoing import Body
from web.routes import uploads as module

PLACE = "/api/v1/tracks"


@pytest.fixture
def sent(served, shelf):
    async def send(body=b"sound of it", name="a.mp3", headers=None, **fields) -> httpx.Response:
        data = {"rootId": shelf.root.id, **fields}
        return await served.client.post(PLACE, data=data, files={"file": (name, body)}, headers=headers or {})

    return send


def fresh() -> bytes:
    return b"sound " + os.urandom(16)


def names(shelf):
    return sorted(path.relative_to(shelf.folder).as_posix() for path in shelf.folder.rglob("*") if path.is_file())


async def test_an_upload_lies_in_its_folder_and_in_the_catalogue(served, shelf, sent) -> None:
    body = fresh()
    answer = await sent(body, folder="new/album")

    assert answer.status_code == 201, answer.text
    track = answer.json()
    assert answer.headers["location"] == f"/api/v1/tracks/{track['id']}"
    found = await served.client.get(answer.headers["location"])
    assert found.json() == track
    assert found.headers["etag"] == answer.headers["etag"]
    assert track["path"] == str(shelf.folder / "new" / "album" / "a.mp3")
    assert (shelf.folder / "new" / "album" / "a.mp3").read_bytes() == body
    assert names(shelf) == ["new/album/a.mp3"]
    assert (await served.client.get(f"{answer.headers['location']}/audio")).content == body
    events = await served.store.events.after(0, 10_000)
    assert [event.type for event in events if event.payload.get("track", {}).get("id") == track["id"]] == [
        "TRACK_ADDED"
    ]


async def test_a_recording_that_is_there_is_not_put_there_twice(shelf, sent) -> None:
    body = fresh()
    first, second = await sent(body), await sent(body, name="other.mp3")

    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["id"] == first.json()["id"]
    assert names(shelf) == ["a.mp3"]


async def test_a_recording_whose_file_is_missing_comes_back(served, shelf, sent) -> None:
    from actors.model.change import LoseLocations

    body = fresh()
    first = await sent(body)
    (shelf.folder / "a.mp3").unlink()
    await served.store.changes.apply([LoseLocations(paths=(os.fsencode(shelf.folder / "a.mp3"),))])
    second = await sent(body, name="b.mp3")

    assert second.status_code == 200
    assert second.json()["id"] == first.json()["id"]
    assert second.json()["presence"] == "present"
    assert names(shelf) == ["b.mp3"]


async def test_a_recording_in_the_trash_is_refused(served, shelf, sent, refused) -> None:
    body = fresh()
    first = await sent(body)
    await served.client.delete(first.headers["location"], headers={"If-Match": "*"})
    told = refused(await sent(body, name="b.mp3"), 409, "CONFLICT")

    assert told["details"]["trackId"] == first.json()["id"]
    assert names(shelf) == ["a.mp3"]


async def test_a_taken_name_is_gone_around_or_refused(shelf, sent, refused) -> None:
    await sent(fresh())
    beside = await sent(fresh())
    refused(await sent(fresh(), onConflict="fail"), 409, "CONFLICT")

    assert beside.json()["path"].endswith("/a (2).mp3")
    assert names(shelf) == ["a (2).mp3", "a.mp3"]


async def test_what_is_no_recording_leaves_nothing(served, shelf, sent, refused) -> None:
    newest = await served.store.events.bounds()
    refused(await sent(b"noise"), 415, "UNSUPPORTED_MEDIA_TYPE")
    refused(await sent(b"broken"), 422, "VALIDATION_ERROR")

    assert list(shelf.folder.iterdir()) == []
    assert await served.store.events.bounds() == newest


@pytest.mark.parametrize(
    "fields, field",
    [
        ({"rootId": "unknown"}, "rootId"),
        ({"rootId": ""}, "rootId"),
        ({"folder": "../elsewhere"}, "folder"),
        ({"folder": ".hidden"}, "folder"),
        ({"folder": "a\0b"}, "folder"),
        ({"onConflict": "replace"}, "onConflict"),
        ({"color": "red"}, "color"),
        ({"name": "cover.jpg"}, "file"),
        ({"name": ".a.mp3"}, "file"),
        ({"name": "a.mp3.part"}, "file"),
    ],
    ids=str,
)
async def test_values_that_cannot_be_used_are_named(shelf, sent, refused, fields, field) -> None:
    told = refused(await sent(fresh(), **fields), 422, "VALIDATION_ERROR")

    assert [error["field"] for error in told["errors"]] == [field]
    assert list(shelf.folder.iterdir()) == []


async def test_other_bodies_are_refused(served, shelf, refused) -> None:
    refused(await served.client.post(PLACE, json={}), 415, "UNSUPPORTED_MEDIA_TYPE")
    refused(await served.client.post(PLACE), 415, "UNSUPPORTED_MEDIA_TYPE")
    refused(await served.client.post(PLACE, data={"folder": "a"}), 415, "UNSUPPORTED_MEDIA_TYPE")
    kind = {"Content-Type": "multipart/form-data; boundary=edge"}
    refused(await served.client.post(PLACE, content=b"rubbish", headers=kind), 400, "BAD_REQUEST")
    refused(await served.client.post(PLACE, content=b"--edge--\r\n", headers=kind), 422, "VALIDATION_ERROR")


async def test_too_much_is_refused_early_and_while_it_comes(served_over, fresh_store, tmp_path, refused) -> None:
    await fresh_store.roots.add(os.fsencode(tmp_path))
    kind = {"Content-Type": "multipart/form-data; boundary=edge"}
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n'

    async def endless():
        yield head
        for _ in range(100):
            yield bytes(10_000)

    async with served_over(fresh_store, upload_limit_bytes=100_000) as served:
        whole = {"file": ("a.mp3", bytes(1_000_000))}
        refused(await served.client.post(PLACE, files=whole), 413, "PAYLOAD_TOO_LARGE")
        refused(await served.client.post(PLACE, content=endless(), headers=kind), 413, "PAYLOAD_TOO_LARGE")
        assert (await served.client.post(PLACE, files={"file": ("a.mp3", b"sound" * 20_000)})).status_code == 201

    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["a.mp3"]


async def test_a_client_that_leaves_leaves_nothing(served, shelf, monkeypatch) -> None:
    begun, ended = trio.Event(), trio.Event()
    real = module.incoming

    @asynccontextmanager
    async def watched(*given, **named):
        try:
            async with real(*given, **named) as file:
                begun.set()
                yield file
        finally:
            ended.set()

    monkeypatch.setattr(module, "incoming", watched)
    host, port = served.url.removeprefix("http://").split(":")
    stream = await trio.open_tcp_stream(host, int(port))
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n'
    await stream.send_all(
        b"POST /api/v1/tracks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000000\r\n"
        b"Content-Type: multipart/form-data; boundary=edge\r\n\r\n" + head + bytes(3_000_000)
    )
    with trio.fail_after(20):
        await begun.wait()
        await stream.aclose()
        await ended.wait()
    assert list(shelf.folder.iterdir()) == []


async def test_a_body_that_stops_coming_is_given_up_and_leaves_nothing(served, shelf, monkeypatch) -> None:
    monkeypatch.setitem(Body.__init__.__kwdefaults__, "silence_s", 0.2)
    host, port = served.url.removeprefix("http://").split(":")
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n'
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        await stream.send_all(
            b"POST /api/v1/tracks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000000\r\n"
            b"Content-Type: multipart/form-data; boundary=edge\r\n\r\n" + head + bytes(2_000_000)
        )
        answer = b""
        with trio.fail_after(20):
            while piece := await stream.receive_some():
                answer += piece

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"REQUEST_TIMEOUT"' in answer
    assert list(shelf.folder.iterdir()) == []


async def test_a_great_file_waits_in_the_line_not_in_memory(served, shelf, monkeypatch) -> None:
    from web.intake import Intake
    from web.upload.incoming import Incoming

    most = 0
    append, write = Intake.append, Incoming.write

    def watched(self, data):
        nonlocal most
        append(self, data)
        most = max(most, self._waiting_bytes)

    async def slow(self, data):
        await trio.sleep(0.001)
        await write(self, data)

    monkeypatch.setattr(Intake, "append", watched)
    monkeypatch.setattr(Incoming, "write", slow)
    body = b"sound" + bytes(8_000_000)
    answer = await served.client.post(PLACE, data={"rootId": shelf.root.id}, files={"file": ("a.mp3", body)})

    assert answer.status_code == 201
    assert most < 1_000_000
    assert (shelf.folder / "a.mp3").stat().st_size == len(body)


async def test_a_long_upload_lets_others_work(served_over, store, shelf, monkeypatch) -> None:
    from web.upload.incoming import Incoming

    comes = trio.Event()
    write = Incoming.write

    async def watched(self, data):
        await write(self, data)
        comes.set()

    monkeypatch.setattr(Incoming, "write", watched)
    fields = {"rootId": (None, shelf.root.id), "file": ("a.mp3", fresh())}
    async with served_over(store, requests_at_once=1, requests_waiting=0) as served:
        form = served.client.build_request("POST", PLACE, files=fields)
        body, answers = await form.aread(), []

        async def pieces():
            yield body[:-20]
            await comes.wait()
            answers.append((await served.client.get("/api/v1/info")).status_code)
            yield body[-20:]

        headers = {"Content-Type": form.headers["content-type"], "Content-Length": str(len(body))}
        sent = await served.client.post(PLACE, content=pieces(), headers=headers)

    assert (answers, sent.status_code) == ([200], 201)


async def test_an_upload_sent_again_under_its_key_gets_the_same_answer(shelf, sent, refused) -> None:
    body, key = fresh(), {"Idempotency-Key": os.urandom(8).hex()}
    first = await sent(body, headers=key)
    again = await sent(body, headers=key)
    refused(await sent(body + b"!", headers=key), 422, "IDEMPOTENCY_MISMATCH")
    refused(await sent(body, headers=key, folder="other"), 422, "IDEMPOTENCY_MISMATCH")

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["etag"] == first.headers["etag"]
    assert names(shelf) == ["a.mp3"]


async def test_a_refused_upload_frees_its_key(sent, refused) -> None:
    key = {"Idempotency-Key": os.urandom(8).hex()}
    refused(await sent(b"noise", headers=key), 415, "UNSUPPORTED_MEDIA_TYPE")

    assert (await sent(fresh(), headers=key)).status_code == 201


async def test_many_uploads_of_one_recording_are_one_track(served, shelf, sent) -> None:
    body, answers = fresh(), []

    async def send(number: int) -> None:
        answers.append(await sent(body, name=f"{number}.mp3"))

    async with trio.open_nursery() as nursery:
        for number in range(8):
            nursery.start_soon(send, number)

    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    track = (await served.client.get(answers[0].headers["location"])).json()
    assert len(track["locations"]) == len(names(shelf))
