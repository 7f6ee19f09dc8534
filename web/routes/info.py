"""What this server is."""

import platform

import msgspec
from quart import Blueprint, Response

from actors.config import Config
from actors.media.encode import available_forms
from actors.model.time import Time
from actors.watching.names import AUDIO_ENDINGS
from web.encoding import answer, now
from web.endpoints import ANSWER_LIMIT_S, Answer, endpoint
from web.limits import JSON_LIMIT_BYTES
from web.openapi import examples
from web.paging import MOST_PER_PAGE
from web.services import services
from web.serving.inlet import HEAD_BYTES
from web.serving.request import MOST_FIELDS, TARGET_BYTES

blueprint = Blueprint("info", __name__, url_prefix="/api/v1")

FEATURES = (
    "tracks",
    "search",
    "uploads",
    "edits",
    "trash",
    "ratings",
    "plays",
    "memories",
    "player",
    "people",
    "audio-ranges",
    "audio-conversion",
    "artwork",
    "waveforms",
    "library-roots",
    "live-feed",
    "logs",
    "supervision",
    "metrics",
    "query-cache",
    "rate-limits",
    "trace-context",
)
FORMATS = tuple(sorted(ending.decode().removeprefix(".") for ending in AUDIO_ENDINGS))


class Environment(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What it runs on."""

    python: str
    """Version of Python."""
    system: str
    """Kind of operating system."""
    database: str
    """`embedded` or `external`."""
    shared: str
    """Where kept answers and quotas lie: `memory` of this process, or a `redis` for several."""
    workers: int
    """Processes that read recordings at once."""


class Limits(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What a client must keep to; bytes, seconds, and requests a minute (0: as many as you like)."""

    target_bytes: int
    """Length of an address, in bytes."""
    head_bytes: int
    """Length of all headers, in bytes."""
    head_fields: int
    """Number of headers."""
    json_bytes: int
    """Length of a JSON body, in bytes."""
    page_size: int
    """Things on a page."""
    answer_seconds: float
    """Seconds until an answer begins."""
    read_rate: int
    """Reading requests a minute; 0 for no limit."""
    write_rate: int
    """Writing requests a minute; 0 for no limit."""
    login_rate: int
    """Attempts to log in a minute; 0 for no limit."""


class Formats(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What it reads and writes."""

    recordings: tuple[str, ...]
    """Endings of the names of files that are catalogued."""
    waveforms: tuple[str, ...]
    """Forms of a waveform."""
    metrics: tuple[str, ...]
    """Forms of the numbers."""
    live: tuple[str, ...]
    """Ways to follow the live feed."""


class Info(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What this server is; `uptime` in seconds."""

    name: str
    """Always `rookery`."""
    version: str
    """Of the program."""
    started_at: Time
    """When this process began."""
    uptime: float
    """Seconds since then."""
    features: tuple[str, ...]
    """What this server can do, as stable words."""
    audio_formats: tuple[str, ...]
    """Into which recordings can be converted, by the installed FFmpeg."""
    environment: Environment
    """What it runs on."""
    limits: Limits
    """What it takes at most."""
    formats: Formats
    """Kinds of files and answers that it knows."""


_FORMATS = Formats(
    recordings=FORMATS,
    waveforms=("json", "svg", "png"),
    metrics=("prometheus", "json", "csv"),
    live=("websocket", "server-sent-events", "ndjson"),
)


def _limits(config: Config) -> Limits:
    return Limits(
        target_bytes=TARGET_BYTES,
        head_bytes=HEAD_BYTES,
        head_fields=MOST_FIELDS,
        json_bytes=JSON_LIMIT_BYTES,
        page_size=MOST_PER_PAGE,
        answer_seconds=ANSWER_LIMIT_S,
        read_rate=config.rate_read,
        write_rate=config.rate_write,
        login_rate=config.rate_login,
    )


_INFO = Info(
    name="rookery",
    version="0.1.0",
    started_at=examples.MOMENT,
    uptime=3600.0,
    features=FEATURES,
    audio_formats=("mp3", "opus", "aac"),
    environment=Environment(python="3.13.1", system="Linux", database="embedded", shared="memory", workers=4),
    limits=_limits(Config()),
    formats=_FORMATS,
)


@endpoint(
    blueprint,
    "GET",
    "/info",
    tag="Service",
    answers={200: Answer(meaning="What it is.", model=Info, example=_INFO)},
    is_hot=True,
)
async def read_info() -> Response:
    """What this server is and can do."""
    held = services()
    return answer(
        Info(
            name="rookery",
            version=held.version,
            started_at=held.started_at,
            uptime=round((now() - held.started_at).total_seconds(), 3),
            features=FEATURES,
            audio_formats=available_forms(),
            environment=Environment(
                python=platform.python_version(),
                system=platform.system(),
                database="embedded" if held.config.database_url is None else "external",
                shared="memory" if held.redis is None else "redis",
                workers=held.config.workers,
            ),
            limits=_limits(held.config),
            formats=_FORMATS,
        )
    )
