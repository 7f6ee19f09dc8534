"""The tree over HTTP."""

import pytest

from actors.messages import RootsChanged

TREE = "/api/v1/supervision"


async def test_the_whole_tree_is_seen(served) -> None:
    tree = (await served.client.get(TREE)).json()

    assert tree["root"]["path"] == "rookery"
    (pipeline,) = tree["root"]["children"]
    assert (pipeline["kind"], pipeline["name"], pipeline["strategy"]) == ("supervisor", "pipeline", "one_for_one")
    watcher = pipeline["children"][0]
    assert (watcher["kind"], watcher["state"], watcher["incarnation"]) == ("actor", "running", 1)
    assert watcher["mailbox"]["capacity"] == 100
    assert watcher["startedAt"].endswith("Z")
    assert tree["deadLetters"] == []


async def test_one_part_is_seen(served, refused) -> None:
    await served.services.running.ref("rookery/pipeline/watcher").ask(RootsChanged(), timeout_s=5)
    watcher = (await served.client.get(f"{TREE}/rookery/pipeline/watcher")).json()

    assert watcher["messages"]["handled"] == 1
    assert watcher["latency"]["count"] == 1
    assert (await served.client.get(f"{TREE}/rookery")).json()["kind"] == "supervisor"
    for path in ("nope", "rookery/nope", "rookery/pipeline/watcher/", "rookery//pipeline", "%00"):
        refused(await served.client.get(f"{TREE}/{path}"), 404, "NOT_FOUND")


async def test_what_happened_is_listed_newest_first(served, refused) -> None:
    events = (await served.client.get(f"{TREE}/events")).json()
    below = (await served.client.get(f"{TREE}/events?path=rookery/pipeline/watcher&pageSize=1")).json()

    assert "rookery/pipeline/watcher" in [event["path"] for event in events["data"]]
    moments = [event["at"] for event in events["data"]]
    assert moments == sorted(moments, reverse=True)
    assert [event["kind"] for event in below["data"]] == ["started"]
    for query in ("page=0", "pageSize=501", "path=", "kind=x"):
        refused(await served.client.get(f"{TREE}/events?{query}"), 422, "VALIDATION_ERROR")


async def test_a_part_is_restarted(served) -> None:
    answer = await served.client.post(f"{TREE}/rookery/pipeline/watcher/restart")

    assert (answer.status_code, answer.json()["state"], answer.json()["incarnation"]) == (200, "running", 2)
    await served.services.running.ref("rookery/pipeline/watcher").ask(RootsChanged(), timeout_s=5)
    assert served.told == [RootsChanged()]
    kinds = [event["kind"] for event in (await served.client.get(f"{TREE}/events?pageSize=2")).json()["data"]]
    assert kinds == ["restarted", "exited"]


async def test_a_part_that_was_stopped_is_started(served) -> None:
    await served.services.running.stop_child("rookery/pipeline/idle")
    answer = await served.client.post(f"{TREE}/rookery/pipeline/idle/restart")
    assert (answer.status_code, answer.json()["state"]) == (200, "running")


@pytest.mark.parametrize(
    "path, status, code", [("rookery", 409, "CONFLICT"), ("nope", 404, "NOT_FOUND"), ("rookery/nope", 404, "NOT_FOUND")]
)
async def test_what_cannot_be_restarted_is_refused(served, refused, path: str, status: int, code: str) -> None:
    refused(await served.client.post(f"{TREE}/{path}/restart"), status, code)


async def test_restarting_by_get_is_refused(served, refused) -> None:
    for method in ("GET", "PUT"):
        response = await served.client.request(method, f"{TREE}/rookery/pipeline/watcher/restart")
        refused(response, 405, "METHOD_NOT_ALLOWED")
        assert response.headers["allow"] == "POST"
