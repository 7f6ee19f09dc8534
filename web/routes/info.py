"""What this server is."""

import platform
from datetime import datetime
from typing import Annotated

import msgspec
from quart import Blueprint, Response

from actors.media.encode import available_forms
from web import examples
from web.encoding import answer, now
from web.endpoints import Answer, endpoint
from web.services import services

blueprint = Blueprint("info", __name__, url_prefix="/api/v1")

FEATURES = (
    "tracks",
    "audio-ranges",
    "audio-conversion",
    "waveforms",
    "library-roots",
    "live-feed",
    "supervision",
    "metrics",
)


class Environment(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What it runs on."""

    python: str
    system: str
    database: str
    """`embedded` or `external`."""


class Info(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What this server is; `uptime` in seconds."""

    name: str
    version: str
    started_at: Annotated[datetime, msgspec.Meta(tz=True)]
    uptime: float
    features: tuple[str, ...]
    audio_formats: tuple[str, ...]
    """Into which recordings can be converted, by the installed FFmpeg."""
    environment: Environment


_INFO = Info(
    name="rookery",
    version="0.1.0",
    started_at=examples.MOMENT,
    uptime=3600.0,
    features=FEATURES,
    audio_formats=("mp3", "opus", "aac"),
    environment=Environment(python="3.13.1", system="Linux", database="embedded"),
)


@endpoint(
    blueprint, "GET", "/info", tag="Service", answers={200: Answer(meaning="What it is.", model=Info, example=_INFO)}
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
            ),
        )
    )
