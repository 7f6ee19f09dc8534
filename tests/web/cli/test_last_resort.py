"""A service with a part that never ends ends all the same."""

import signal
import subprocess
import sys

import pytest
import trio

from web.cli.last_resort import EXIT_CODE

# The real command, with one more child, the first of its tree.
SERVE = """
import attrs, trio, web.service
from supervision import Child
from web.cli import main

async def deaf(context):
    with trio.CancelScope(shield=True):
        {wait}

whole = web.service.tree

def with_stuck_child(*arguments, **options):
    tree = whole(*arguments, **options)
    return attrs.evolve(tree, children=[Child("deaf", deaf), *tree.children])

web.service.tree = with_stuck_child
main()
"""
FOR_EVER = "await trio.sleep_forever()"
IN_A_THREAD = "await trio.to_thread.run_sync(__import__('threading').Event().wait)"


@pytest.mark.parametrize("wait", [FOR_EVER, IN_A_THREAD], ids=["shielded", "thread"])
async def test_service_with_a_child_that_ignores_its_end_ends_by_itself_and_says_where_it_stands(
    wait, fresh_database_url, tmp_path
):
    arguments = ["serve", "--port", "0", "--data-dir", str(tmp_path), "--database-url", fresh_database_url]
    process = await trio.lowlevel.open_process(
        [sys.executable, "-c", SERVE.format(wait=wait), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    told = b""

    async def listen() -> None:
        nonlocal told
        async for chunk in process.stderr:
            told += chunk

    try:
        with trio.fail_after(120):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(listen)
                assert b"ready" in await process.stdout.receive_some()
                process.send_signal(signal.SIGTERM)
                assert await process.wait() == EXIT_CODE
    finally:
        if process.returncode is None:
            process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
        await process.stdout.aclose()
        await process.stderr.aclose()

    assert b"rookery/deaf" in told
    assert b"in deaf" in told
    assert told.count(b"ends without") == 1
