"""What went wrong, as it is kept. An error itself holds its frames, and they hold messages and actors that are long gone."""

from collections import deque
from traceback import StackSummary, TracebackException, walk_tb

# What recursed without end would otherwise keep a thousand of them.
INNERMOST_FRAMES = 64


class Failure:
    """An error as text and type, without the error. It is read from it at once and put into words when somebody looks.

    `str()` is the traceback with its 64 innermost frames, and those of its causes.
    """

    __slots__ = ("_places", "_read")

    def __init__(self, error: BaseException) -> None:
        # Its own frames are noted here and not by TracebackException, which asks the disk about each file: crashes come faster than looks.
        self._places = deque(
            ((frame.f_code.co_filename, line, frame.f_code.co_name) for frame, line in walk_tb(error.__traceback__)),
            maxlen=INNERMOST_FRAMES,
        )
        self._read = TracebackException(
            type(error), error, None, limit=-INNERMOST_FRAMES, lookup_lines=False, compact=True
        )

    @property
    def kind(self) -> type[BaseException]:
        """The class of the error: `issubclass(failure.kind, OSError)`."""
        return self._read.exc_type

    @property
    def message(self) -> str:
        """What the error says, without its class."""
        return str(self._read)

    @property
    def summary(self) -> str:
        """Class and message in one line, such as "ValueError: too cold"; of a group the first error inside it, which says more."""
        read = self._read
        while read.exceptions:
            read = read.exceptions[0]
        message = str(read)
        return f"{read.exc_type.__name__}: {message}" if message else read.exc_type.__name__

    def __str__(self) -> str:
        if self._places:
            self._read.stack = StackSummary.from_list([(*place, None) for place in self._places])
            self._places.clear()
        return "".join(self._read.format())

    def __repr__(self) -> str:
        return f"<Failure {self.summary}>"
