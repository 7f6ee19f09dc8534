"""One child process as the service sees it: its pipes, its end and its last words. Knows nothing of what it does."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Sequence

import attrs
import trio

from actors.config import SECONDS
from actors.errors import LimitExceededError, UnreadableError

END_LIMIT_S = 1 * SECONDS
LAST_WORDS_BYTES = 65_536
TRACEBACK = "Traceback (most recent call last):"
OUT_OF_MEMORY = ("MemoryError", "Cannot allocate memory", "bad_alloc")


@attrs.define(eq=False, kw_only=True)
class Process:
    """A running child. **Owns:** the process, both pipes and what it says on standard error, until `kill`."""

    popen: subprocess.Popen[bytes]
    input: trio.lowlevel.FdStream
    output: trio.lowlevel.FdStream
    exit_fd: int
    """Readable when the process has ended."""
    words_fd: int
    words: str = ""
    """Why it ended, once it has been killed: the exception that it raised, or its signal or status and the last line it wrote."""
    _is_killed: bool = False

    @property
    def pid(self) -> int:
        """Its number."""
        return self.popen.pid

    @property
    def returncode(self) -> int | None:
        """Its status, or minus its signal; None while it runs."""
        return self.popen.returncode

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.popen.returncode is None and self.popen.poll() is None

    def forget_words(self) -> None:
        """What it said so far explains nothing of what comes."""
        os.ftruncate(self.words_fd, 0)

    async def end(self) -> None:
        """Wait until it has ended by itself, at most a second."""
        with trio.move_on_after(END_LIMIT_S):
            await trio.lowlevel.wait_readable(self.exit_fd)

    async def kill(self) -> None:
        """End it now and wait for that; harmless when it has ended. Not interrupted by cancellation, at most a second."""
        if self.exit_fd < 0:
            return
        if self.is_running:
            self.popen.kill()
            self._is_killed = True
        with trio.move_on_after(END_LIMIT_S, shield=True):
            await trio.lowlevel.wait_readable(self.exit_fd)
        self.popen.poll()
        self.words = self._last_words()
        os.close(self.exit_fd)
        os.close(self.words_fd)
        self.exit_fd = self.words_fd = -1
        self.input.close()
        self.output.close()

    def crash(self) -> UnreadableError:
        """What its end, once it has been killed, means for the file that it had in hand."""
        if any(sign in self.words for sign in OUT_OF_MEMORY):
            return LimitExceededError("memory_limit", "its decoder ran out of the memory that a worker may have")
        return UnreadableError("decoder_crashed", f"its decoder crashed: {self.words}")

    def _last_words(self) -> str:
        code = self.popen.returncode
        size = os.fstat(self.words_fd).st_size
        said = os.pread(self.words_fd, LAST_WORDS_BYTES, max(0, size - LAST_WORDS_BYTES))
        lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
        last = lines[-1][:500] if lines else ""
        is_signaled = code is not None and code < 0
        if TRACEBACK in lines and (self._is_killed or not is_signaled):
            return last
        reason = f"signal {-code}" if code is not None and is_signaled else f"status {code}"
        return f"{reason}, {last}" if last else reason


def start_process(command: Sequence[str], *, inherited: Sequence[int] = ()) -> Process:
    """Start a child, with these open files under the same numbers, and libraries told to use one thread.

    **Owns:** the caller kills it. Raises OSError.
    """
    # In this very thread: the kernel ties the child's death to the thread that made it, and trio.open_process makes it in one
    # that ends when it has been idle.
    words_fd = os.memfd_create("child-stderr", os.MFD_CLOEXEC)
    fcntl.fcntl(words_fd, fcntl.F_SETFL, os.O_APPEND)
    try:
        popen = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words_fd,
            env=_environment(),
            pass_fds=inherited,
            # Ctrl-C in the terminal is the service's business.
            start_new_session=True,
        )
    except OSError:
        os.close(words_fd)
        raise
    assert popen.stdin is not None
    assert popen.stdout is not None
    with popen.stdin as input_, popen.stdout as output:
        input_fd, output_fd = os.dup(input_.fileno()), os.dup(output.fileno())
    return Process(
        popen=popen,
        input=trio.lowlevel.FdStream(input_fd),
        output=trio.lowlevel.FdStream(output_fd),
        exit_fd=os.pidfd_open(popen.pid),
        words_fd=words_fd,
    )


def _environment() -> dict[str, str]:
    """The service's own, with its import path; the pool is the parallelism."""
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    path = os.pathsep.join(folder for folder in sys.path if os.path.isabs(folder))
    return {**os.environ, **single, "PYTHONPATH": path, "MALLOC_ARENA_MAX": "2"}
