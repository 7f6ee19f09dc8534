"""What can go wrong, by who can mend it.

RookeryError
├── ConfigurationError        the person who started the service: a root, port, folder or setting
│   └── DataFolderBusyError   another Rookery uses the data folder
├── DatabaseError             PostgreSQL is away, refuses, is too old or newer than this program
│   └── DatabaseAwayError     it may come back: try again
├── UnreadableError           one file: its bytes are no recording, or its decoder failed
│   ├── FileGoneError         it disappeared or changed while it was read: look again
│   └── LimitExceededError    its decoder was killed at a time or memory limit
├── RedisAwayError            Redis does not answer: go on without it
├── DiskSilentError           a disk or network share does not answer: ask later
├── BusyError                 too much is asked at once: ask later
├── ConflictError             one request that does not fit how things are
│   └── VersionError          it means an earlier version than the present one, which it carries
├── TrackGoneError            one request's track is not there, or not where it is looked for
├── ItemGoneError             one request's item of the queue is not there
├── StaleError                it was changed since the asker saw it: look again
└── InvalidError              one request's value
"""


class RookeryError(Exception):
    """Root of all errors that Rookery raises on purpose; its text is fit to show to a person."""


class ConfigurationError(RookeryError):
    """A setting cannot be used; the text names the setting, its value and what to do."""


class DataFolderBusyError(ConfigurationError):
    """Another Rookery holds the data folder; the text names its process."""


class DatabaseError(RookeryError):
    """PostgreSQL cannot be used as it is; the text says why and what to do."""


class DatabaseAwayError(DatabaseError):
    """PostgreSQL did not answer or broke the connection; the same call may succeed later."""


class UnreadableError(RookeryError):
    """One file cannot be catalogued or analyzed; `kind` is a stable word, the text is for people.

    Kinds: `no_audio`, `corrupt`, `decoder_crashed`, `time_limit`, `memory_limit`, `unreadable` (permission or I/O),
    `gone`, `changed`.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class FileGoneError(UnreadableError):
    """The file disappeared (`gone`) or changed (`changed`) while it was read; whoever watches it will report it anew."""


class LimitExceededError(UnreadableError):
    """The file's decoder was killed at its `time_limit` or `memory_limit`."""


class DiskSilentError(RookeryError):
    """A file system did not answer in time; nothing is concluded from that."""


class BusyError(RookeryError):
    """More is asked for at once than can be done in good time; the same call may succeed later."""


class ConflictError(RookeryError):
    """What is asked for would break a rule that holds for all of it; the text says which. Nothing was changed."""


class VersionError(ConflictError):
    """The asker saw an earlier version than `version`, the present one; nothing was changed."""

    def __init__(self, thing: str, version: int) -> None:
        super().__init__(f"{thing} was changed since you saw it; it has version {version} now")
        self.version = version


class ItemGoneError(RookeryError):
    """No item of the queue has this id (any more)."""

    def __init__(self, item_id: str) -> None:
        super().__init__(f"There is no item {item_id} in the queue")


class TrackGoneError(RookeryError):
    """No track has this id, or it lies in the trash, or does not lie there."""

    def __init__(self, track_id: str) -> None:
        super().__init__(f"There is no track {track_id}")


class StaleError(RookeryError):
    """The track or memory has another version than the one meant."""

    def __init__(self, thing_id: str) -> None:
        super().__init__(f"{thing_id} was changed meanwhile")


class InvalidError(RookeryError):
    """One value of a request is refused; `field` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class RedisAwayError(RookeryError):
    """Redis does not answer, or not soon enough; whoever asked goes on without it."""
