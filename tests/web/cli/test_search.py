"""`rookery search`, against a served catalogue."""

import json
import os
import signal
import subprocess
import sys
from functools import partial

import attrs
import pytest
import trio
from click.testing import CliRunner

from actors.model.track import Tags
from web.cli import main
from web.cli.search import asked


@attrs.frozen
class Said:
    """How the command ended, and all that it printed."""

    exit_code: int
    output: str


async def search(served, *words: str) -> Said:
    """The command, run as its user runs it."""
    done = await trio.run_process(
        [sys.executable, "-c", "from web.cli import main; main()", "search", "--url", served.url, *words],
        capture_stdout=True,
        stderr=subprocess.STDOUT,
        check=False,
        env={**os.environ, "COLUMNS": "120"},
    )
    return Said(done.returncode, done.stdout.decode())


async def test_tracks_are_found_and_shown(served, shelf) -> None:
    await shelf.put("a.mp3", tags=Tags(title="Blue Heron", artists=("Ada Vale",)))
    await shelf.put("b.mp3", tags=Tags(title="Gray Goose", artists=("Bo",)))

    answer = await search(served, "blue", "hron")

    assert answer.exit_code == 0, answer.output
    assert "Blue Heron" in answer.output
    assert "1:02" in answer.output
    assert "Gray Goose" not in answer.output


async def test_programs_get_one_track_a_line(served, shelf) -> None:
    for name in ("a", "b", "c"):
        await shelf.put(f"{name}.mp3", tags=Tags(title=name, artists=("Cy",), genres=("Jazz",)))

    answer = await search(served, "--artist", "Cy", "--genre", "jazz", "--sort", "title", "--limit", "2", "--json")

    assert [json.loads(line)["title"] for line in answer.output.splitlines()] == ["c", "b"]


async def test_nothing_found_is_told_and_an_exit_code(served, shelf) -> None:
    answer = await search(served, "zzzzzz")

    assert answer.exit_code == 1
    assert "Nothing was found" in answer.output


@pytest.mark.parametrize("words,told", [(("--sort", "beauty"), "Error: sort must be one of"), (("x" * 3000,), "query")])
async def test_a_refusal_names_what_is_wrong(served, words, told) -> None:
    answer = await search(served, *words)

    assert answer.exit_code == 1
    assert told in answer.output
    assert "Traceback" not in answer.output


def test_a_service_that_is_away_is_said_so() -> None:
    answer = CliRunner().invoke(main, ["search", "x", "--url", "http://127.0.0.1:1"])

    assert answer.exit_code == 1
    assert "is away" in answer.output


def test_what_is_not_said_is_not_asked() -> None:
    assert asked((), limit=5, artists=(), genres=(), sort=None) == {"pagination": {"page": 1, "pageSize": 5}}


async def test_who_interrupts_it_is_not_told_that_nothing_is_there(command, nursery) -> None:
    asked = trio.Event()

    async def never_answer(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.receive_some()
            asked.set()
            await trio.sleep_forever()

    (listener,) = await nursery.start(partial(trio.serve_tcp, never_answer, 0, host="127.0.0.1"))
    search = await command("search", "--url", f"127.0.0.1:{listener.socket.getsockname()[1]}", "heron")
    with trio.fail_after(20):
        await asked.wait()
        search.process.send_signal(signal.SIGINT)
        await search.process.wait()
    nursery.cancel_scope.cancel()

    assert search.process.returncode == 1
    assert await search.process.stdout.receive_some() == b""
    assert await search.process.stderr.receive_some() == b"Aborted!\n"
