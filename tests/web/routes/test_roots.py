"""Library roots over HTTP."""

import errno
import os
import threading

import pytest

from actors.messages import RootsChanged, ScanNow
from actors.model.change import SetRoot
from actors.model.root import RootState

ROOTS = "/api/v1/library/roots"


async def test_a_folder_is_watched_from_then_on(served, tmp_path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    made = await served.client.post(ROOTS, json={"path": f"{folder}/../new/"})
    root = made.json()

    assert made.status_code == 201
    assert (root["path"], root["state"]) == (str(folder), "waiting")
    assert made.headers["location"] == f"{ROOTS}/{root['id']}"
    assert (await served.client.get(made.headers["location"])).headers["etag"] == made.headers["etag"]
    again = await served.client.post(ROOTS, json={"path": str(folder)})
    assert (again.status_code, again.json()) == (200, root)
    listed = (await served.client.get(ROOTS)).json()
    assert root in listed["data"]
    assert listed["meta"]["total"] == len(listed["data"])
    assert served.told == [RootsChanged(), RootsChanged()]


async def test_only_readable_folders_are_watched(served, tmp_path, refused) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "nothing", tmp_path / "file", "/" + "x" * 5000):
        told = refused(await served.client.post(ROOTS, json={"path": str(path)}), 422, "VALIDATION_ERROR")
        assert [error["field"] for error in told["errors"]] == ["path"]
    assert served.told == []


async def test_the_data_folder_is_refused(served, refused) -> None:
    path = served.services.config.data_dir
    path.mkdir(parents=True, exist_ok=True)
    told = refused(await served.client.post(ROOTS, json={"path": str(path)}), 422, "VALIDATION_ERROR")
    assert "is the data folder" in told["errors"][0]["message"]


async def test_a_folder_behind_a_closed_door_is_refused(served, tmp_path, refused, monkeypatch) -> None:
    def closed(path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr("web.routes.roots.os.path.realpath", closed)
    told = refused(await served.client.post(ROOTS, json={"path": str(tmp_path)}), 422, "VALIDATION_ERROR")
    assert told["errors"][0]["message"] == "This folder cannot be read: Permission denied."


async def test_a_folder_whose_disk_hangs_is_refused_in_time(served, tmp_path, refused, monkeypatch) -> None:
    answers, real = threading.Event(), os.scandir
    monkeypatch.setattr("os.scandir", lambda path: answers.wait(20) if b"hung" in path else real(path))
    monkeypatch.setattr("web.routes.roots.LOOK_LIMIT_S", 0.05)
    (tmp_path / "hung").mkdir()
    refused(await served.client.post(ROOTS, json={"path": str(tmp_path / "hung")}), 504, "TIMEOUT")
    assert not answers.is_set()
    answers.set()
    assert served.told == []


@pytest.mark.parametrize(
    "body, code, status",
    [
        (b"", "MALFORMED_JSON", 400),
        (b"{", "MALFORMED_JSON", 400),
        (b'{"path": "/a", "path": "/b"}', "MALFORMED_JSON", 400),
        (b"\xff", "MALFORMED_JSON", 400),
        (b"[" * 100_000, "MALFORMED_JSON", 400),
        (b"{}", "VALIDATION_ERROR", 422),
        (b'{"path": 1}', "VALIDATION_ERROR", 422),
        (b'{"path": "relative"}', "VALIDATION_ERROR", 422),
        (b'{"path": "/\\u0000"}', "VALIDATION_ERROR", 422),
        (b'{"path": "/tmp", "nope": 1}', "VALIDATION_ERROR", 422),
        (b'{"path": "/' + b"x" * (1 << 20) + b'"}', "PAYLOAD_TOO_LARGE", 413),
    ],
    ids=["empty", "open", "doubled", "no-utf-8", "deep", "missing", "number", "relative", "nul", "unknown", "large"],
)
async def test_bad_bodies_are_refused(served, refused, body: bytes, code: str, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    refused(await served.client.post(ROOTS, content=body, headers=headers), status, code)
    assert served.told == []


async def test_another_kind_of_body_is_refused(served, refused) -> None:
    refused(await served.client.post(ROOTS, data={"path": "/tmp"}), 415, "UNSUPPORTED_MEDIA_TYPE")
    refused(await served.client.post(ROOTS, content=b'{"path": "/tmp"}'), 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_removing_needs_the_tag(served, shelf, refused) -> None:
    address = f"{ROOTS}/{shelf.root.id}"
    etag = (await served.client.get(address)).headers["etag"]
    refused(await served.client.delete(address), 428, "PRECONDITION_REQUIRED")
    refused(await served.client.delete(address, headers={"If-Match": '"stale"'}), 412, "PRECONDITION_FAILED")
    gone = await served.client.delete(address, headers={"If-Match": etag})

    assert (gone.status_code, gone.content) == (204, b"")
    refused(await served.client.get(address), 404, "NOT_FOUND")
    refused(await served.client.delete(address, headers={"If-Match": etag}), 404, "NOT_FOUND")
    assert served.told == [RootsChanged()]


async def test_a_root_with_tracks_stays(served, shelf, refused) -> None:
    await shelf.put("stays.mp3")
    refused(await served.client.delete(f"{ROOTS}/{shelf.root.id}", headers={"If-Match": "*"}), 409, "CONFLICT")
    assert served.told == []


async def test_a_scan_is_an_order_to_the_watcher(served, shelf, refused) -> None:
    one = await served.client.post(f"/api/v1/library/scan?rootId={shelf.root.id}")
    assert (one.status_code, one.json()) == (202, {"rootIds": [shelf.root.id]})
    assert one.headers["location"] == f"{ROOTS}/{shelf.root.id}"
    everything = await served.client.post("/api/v1/library/scan")
    assert shelf.root.id in everything.json()["rootIds"]
    refused(await served.client.post("/api/v1/library/scan?rootId=nope"), 404, "NOT_FOUND")
    refused(await served.client.post("/api/v1/library/scan?rootId="), 422, "VALIDATION_ERROR")
    assert served.told == [ScanNow(root_id=shelf.root.id), ScanNow()]


async def test_only_what_is_held_is_confirmed(served, shelf, refused) -> None:
    address = f"{ROOTS}/{shelf.root.id}/confirm"
    refused(await served.client.post(address), 409, "CONFLICT")
    held = SetRoot(root_id=shelf.root.id, state=RootState.HELD, reason="half is gone", device=None, found=0, done=0)
    await shelf.store.changes.apply([held])
    confirmed = await served.client.post(address)

    assert confirmed.status_code == 202
    assert served.told == [ScanNow(root_id=shelf.root.id, is_confirmed=True)]
    refused(await served.client.post(f"{ROOTS}/nope/confirm"), 404, "NOT_FOUND")


async def test_pages_of_other_sites_may_not_write(served, refused, tmp_path) -> None:
    for origin in ("http://evil.example", "null", "http://localhost:1"):
        response = await served.client.post(ROOTS, json={"path": str(tmp_path)}, headers={"Origin": origin})
        refused(response, 403, "FORBIDDEN")
    own = await served.client.post(ROOTS, json={"path": str(tmp_path)}, headers={"Origin": served.url})
    assert own.status_code == 201
