"""The tree over HTTP."""

import pytest

from actors.messages import RootsChanged
from supervision import Actor, Child, Context

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
    events = (await served.client.get(f"{TREE}/events?pageSize=2")).json()
    assert [event["kind"] for event in events["data"]] == ["restarted", "exited"]
    exits = (await served.client.get(f"{TREE}/events?kind=exited")).json()
    assert [(event["kind"], event["path"]) for event in exits["data"]] == [("exited", "rookery/pipeline/watcher")]
    assert "kind=exited" in exits["links"]["self"]
    counts = (await served.client.get(TREE)).json()["eventCounts"]
    assert (counts["restarted"], counts["exited"]) == (1, 1)


class Busy(Actor[int]):
    """Is busy with its first message until it is restarted."""

    def __init__(self, got: list[tuple[int, int]]) -> None:
        self._got = got

    async def started(self, context: Context) -> None:
        """Keep the context."""
        self._context = context

    async def receive(self, message: int) -> None:
        """Write it down."""
        self._got.append((self._context.incarnation, message))
        if self._context.incarnation == 1:
            await self._context.stopping.wait()


async def test_what_waits_for_a_part_outlives_its_restart(served) -> None:
    running, got = served.services.running, []
    busy = await running.start_child("rookery/pipeline", Child("busy", lambda: Busy(got)))
    for number in range(5):
        await busy.tell(number)
    answer = await served.client.post(f"{TREE}/rookery/pipeline/busy/restart")
    await busy.ask(5, timeout_s=5)

    assert answer.status_code == 200
    assert [message for _, message in got] == list(range(6))
    assert got[-1] == (2, 5)
    assert running.status().dead_letters == ()


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
