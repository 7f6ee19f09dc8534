"""Commands are run as their users do: as processes."""

import subprocess
import sys

import pytest
import trio


class Command:
    """A running `rookery` command and what it has printed."""

    def __init__(self, process: trio.Process) -> None:
        self.process = process
        self.received = b""

    async def line(self) -> str:
        """The next line of its output."""
        with trio.fail_after(20):
            while b"\n" not in self.received:
                chunk = await self.process.stdout.receive_some()
                assert chunk, "it has ended"
                self.received += chunk
        first, _, self.received = self.received.partition(b"\n")
        return first.decode()


@pytest.fixture
async def command(nursery):
    """Start a command; it is killed at the end if it still runs."""
    commands = []

    async def start(*arguments: str, stdout: int = subprocess.PIPE) -> Command:
        process = await trio.lowlevel.open_process(
            [sys.executable, "-c", "from web.cli import main; main()", *arguments],
            stdout=stdout,
            stderr=subprocess.PIPE,
        )
        commands.append(process)
        return Command(process)

    yield start
    for process in commands:
        if process.returncode is None:
            process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                await stream.aclose()
