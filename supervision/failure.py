"""What went wrong, as it is kept. An error itself holds its frames, and they hold messages and actors that are long gone."""

from traceback import TracebackException

# A frame is some 200 bytes; what recursed without end would otherwise keep a thousand of them.
INNERMOST_FRAMES = 64


class Failure:
    """An error as text and type, without the error. It is read from it at once and put into words when somebody looks.

    `str()` is the traceback, of each error of a chain or group its 64 innermost frames.
    """

    __slots__ = ("_read",)

    def __init__(self, error: BaseException) -> None:
        # Source lines are looked up when they are shown: crashes come faster than looks.
        self._read = TracebackException(
            type(error), error, error.__traceback__, limit=-INNERMOST_FRAMES, lookup_lines=False, compact=True
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
        return "".join(self._read.format())

    def __repr__(self) -> str:
        return f"<Failure {self.summary}>"
