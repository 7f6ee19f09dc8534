"""Servers are restarted and killed under their clients: nobody who comes back misses an event, or is told one twice."""

import json
import signal
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import attrs
import httpx
import trio

from actors.store.store import open_store
from tests.flow.kept import Kept, free_port
from tests.web.suites.follower import Follower, Leg, check, last_events

ALL = ("tracks", "progress", "player", "supervision")
PAUSE_S = 0.02
BETWEEN = 25
"""So many writes come before each end, and behind the last."""
LIMIT_S = 120


async def one_up(nodes: Sequence[Kept], number: int) -> Kept:
    """One that answers as far as is known, by turns."""
    up = [node for node in nodes if node.is_up.is_set()] or list(nodes)
    node = up[number % len(up)]
    await node.is_up.wait()
    return node


@attrs.define(eq=False)
class Writer:
    """Tells a player something, again and again, at whichever server answers."""

    nodes: Sequence[Kept]
    loudest: float = 0.49
    """No volume is that of another writer, so that each is a change."""
    accepted: int = 0

    async def run(self) -> None:
        """Until cancelled."""
        async with httpx.AsyncClient(timeout=20) as client:
            for number in count():
                node = await one_up(self.nodes, number)
                command = {"type": "SET_VOLUME", "payload": {"volume": self.loudest - number % 50 / 100}}
                try:
                    answer = await client.post(f"http://127.0.0.1:{node.port}/api/v1/player", json=command)
                except httpx.TransportError:
                    await trio.lowlevel.checkpoint()
                    continue
                assert answer.status_code in {200, 503}, answer.text
                self.accepted += answer.status_code == 200
                await trio.sleep(PAUSE_S)

    async def more(self, wanted: int) -> None:
        """Wait until so many more were accepted."""
        before = self.accepted
        while self.accepted < before + wanted:  # noqa: ASYNC110 — it tells nobody
            await trio.sleep(PAUSE_S)


async def follow(follower: Follower, nodes: Sequence[Kept], transport: str) -> None:
    """Stay as long as the server does, then go to another one, at once."""
    for number in count():
        node = await one_up(nodes, number)
        await follower.go(node.port, Leg(transport=transport, node=0, most=1_000_000, ending="clean"))
        if follower.is_done:
            return


async def test_a_rolling_restart_under_load_loses_no_event_and_tells_none_twice(
    serve, music, data_dir, fresh_database_url, store_config
):
    def node(name: str) -> Kept:
        port = free_port()
        own = data_dir.with_name(f"data-{name}")
        return Kept(port, lambda: serve(music, own, "--port", str(port), "--database-url", fresh_database_url))

    nodes = [node("a"), node("b")]
    writers = [Writer(nodes), Writer(nodes[::-1], loudest=0.99)]
    clients = [
        (Follower(topics=topics, seen=0, pruned=lambda: 0), transport)
        for transport in ("socket", "events", "lines")
        for topics in (ALL, ("player",))
    ]
    with trio.fail_after(LIMIT_S):
        async with open_store(store_config, url=fresh_database_url) as store, trio.open_nursery() as serving:
            for one in nodes:
                serving.start_soon(one.run)
            for one in nodes:
                await one.is_up.wait()
            async with trio.open_nursery() as writing:
                async with trio.open_nursery() as following:
                    for client, transport in clients:
                        following.start_soon(follow, client, nodes, transport)
                    for writer in writers:
                        writing.start_soon(writer.run)
                    for one in nodes:
                        await writers[0].more(BETWEEN)
                        await one.restart(signal.SIGTERM)
                    await writers[0].more(BETWEEN)
                    await store.events.add(*last_events())
                writing.cancel_scope.cancel()
            told = await store.pool.read(lambda connection: connection.fetch("SELECT * FROM event ORDER BY seq"))
            serving.cancel_scope.cancel()

    assert [one.codes[:1] for one in nodes] == [[0], [0]]
    for client, _ in clients:
        check(client, told)
    farewells = [seconds for client, _ in clients for seconds in client.farewells]
    assert len(farewells) >= len(clients)
    assert all(1 <= seconds <= 5 for seconds in farewells)
    assert len(set(farewells)) > 1
    assert {code for client, transport in clients if transport == "socket" for code in client.codes} == {1001}
    accepted = sum(writer.accepted for writer in writers)
    assert 3 * BETWEEN <= accepted <= sum(row["type"] == "PLAYER_STATE_UPDATE" for row in told)


@asynccontextmanager
async def tailing(command: Path, port: int) -> AsyncIterator[trio.Process]:
    """`rookery tail` as a process, from the first event on."""
    process = await trio.lowlevel.open_process(
        [str(command), "tail", "--url", f"http://127.0.0.1:{port}", "--json", "--since", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
            await process.stdout.aclose()


async def test_tail_follows_a_server_that_is_restarted_and_one_that_is_killed(serve, command, music, data_dir):
    port = free_port()
    node = Kept(port, lambda: serve(music, data_dir, "--port", str(port)))
    writer = Writer([node])
    told = bytearray()

    async def read(process: trio.Process) -> None:
        async for piece in process.stdout:
            told.extend(piece)

    again = Follower(topics=ALL, seen=0, pruned=lambda: 0)
    with trio.fail_after(LIMIT_S):
        async with trio.open_nursery() as serving:
            serving.start_soon(node.run)
            await node.is_up.wait()
            async with tailing(command, port) as process, trio.open_nursery() as reading:
                reading.start_soon(read, process)
                async with trio.open_nursery() as writing:
                    writing.start_soon(writer.run)
                    for number in (signal.SIGTERM, signal.SIGKILL):
                        await writer.more(BETWEEN)
                        await node.restart(number)
                    await writer.more(BETWEEN)
                    writing.cancel_scope.cancel()
                async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
                    last = (await client.get("/api/v1/player")).json()["version"]
                while b'"version":%d,' % last not in told:  # noqa: ASYNC110 — as above
                    await trio.sleep(PAUSE_S)
                reading.cancel_scope.cancel()
            heard = [message for line in told.split(b"\n")[:-1] if "seq" in (message := json.loads(line))]
            await again.go(port, Leg(transport="lines", node=0, most=len(heard), ending="clean"))
            serving.cancel_scope.cancel()

    assert node.codes[:2] == [0, -signal.SIGKILL]
    assert [message["seq"] for message in heard] == list(range(1, len(heard) + 1))
    assert heard == [told.message for told in again.heard]
    assert len(heard) >= writer.accepted >= 3 * BETWEEN
