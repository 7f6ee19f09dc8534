"""Uploads and removals on the installed command: a real recording, a real watcher beside."""

import trio


def listed(music):
    return sorted(path.name for path in music.rglob("*") if path.is_file())


async def test_a_recording_goes_in_is_heard_goes_out_and_comes_back(serve, recordings, music, data_dir):
    async with serve(music, data_dir) as rookery, rookery.following() as feed:
        path = recordings[0]
        files = {"file": (path.name, path.read_bytes())}
        answer = await rookery.client.post("/api/v1/tracks", files=files)
        assert answer.status_code == 201, answer.text
        place, track = answer.headers["location"], answer.json()
        assert track["tags"]["artists"]
        assert (await feed.next_of("TRACK_ADDED"))["payload"]["track"]["id"] == track["id"]
        assert (await feed.next_of("TRACK_ANALYZED"))["payload"]["track"]["id"] == track["id"]
        assert (await rookery.client.post("/api/v1/tracks", files=files)).status_code == 200

        await rookery.client.delete(f"{place}?file=true", headers={"If-Match": "*"})
        assert (await feed.next_of("TRACK_REMOVED"))["payload"]["trackId"] == track["id"]
        (music / "a copy.flac").write_bytes(path.read_bytes())
        await rookery.client.post("/api/v1/library/scan")
        done = False
        while not done:
            told = await feed.next_of("SCAN_UPDATE", "TRACK_ADDED")
            assert told["type"] != "TRACK_ADDED"
            done = told["payload"]["state"] == "watched" and told["payload"]["found"] == told["payload"]["done"] == 1
        assert (await rookery.client.get(place)).status_code == 404

        back = await rookery.client.post(f"/api/v1/trash/{track['id']}/restore")
        assert back.status_code == 200
        assert (await feed.next_of("TRACK_ADDED"))["payload"]["track"]["id"] == track["id"]
        assert listed(music) == sorted(["a copy.flac", path.name])


async def test_what_is_no_recording_never_appears(serve, music, data_dir):
    async with serve(music, data_dir) as rookery:
        answer = await rookery.client.post("/api/v1/tracks", files={"file": ("a.mp3", b"only words" * 1000)})

        assert answer.status_code == 415
        assert answer.json()["code"] == "UNSUPPORTED_MEDIA_TYPE"
        assert list(music.iterdir()) == []


async def test_killed_in_the_middle_of_an_upload_it_leaves_nothing(serve, music, data_dir):
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    async with serve(music, data_dir) as rookery:
        host, port = rookery.url.removeprefix("http://").split(":")
        stream = await trio.open_tcp_stream(host, int(port))
        await stream.send_all(
            b"POST /api/v1/tracks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99000000\r\n"
            b"Content-Type: multipart/form-data; boundary=edge\r\n\r\n" + head
        )
        # What no buffer between here and the disk holds: so much is written, or it would not be taken.
        await stream.send_all(bytes(30_000_000))
        assert listed(music)
        rookery.process.kill()
        await rookery.process.wait()
        await stream.aclose()
    assert listed(music)
    async with serve(music, data_dir) as rookery:
        await rookery.json("/health")
        assert await rookery.stop() == 0

    assert listed(music) == []
