"""What `rookery doctor` looks at: each check is one question whose answer is for people, and none changes anything.

A check that cannot be made is a finding, too; no check takes longer than `LIMIT_S`.
"""

import importlib.metadata
import os
import platform
import resource
import shutil
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import av
import httpx
import hypercorn
import trio

from actors.config import GIB, SECONDS, Config, available_cores
from actors.errors import RookeryError
from actors.media.demo import make_demo
from actors.model.track import logged_path
from actors.store.bridge import open_bridge
from actors.store.migrate import migrations
from actors.store.place import CLUSTER_NAME, RECORD_NAME
from actors.store.pool import open_pool
from actors.store.roots import Roots
from actors.store.visit import visited
from actors.work.local import local_executor
from web.certificate import flaw, show_certificate
from web.cli.finding import Finding, Verdict
from web.cli.folders import folders

LIMIT_S = 30 * SECONDS
FEW_FREE_BYTES = 1 * GIB
FEW_FILES = 1_024
LIBRARIES = ("trio", "hypercorn", "quart", "quart-trio", "asyncpg", "av", "numpy", "watchfiles")
CODECS = ("mp3", "flac", "vorbis", "opus", "aac", "alac", "pcm_s16le", "wmav2", "wavpack", "ape")


Check = Callable[[Config], AsyncIterator[Finding]]


async def findings(config: Config) -> AsyncIterator[Finding]:
    """The answers of all checks, one after the other. Raises: nothing that a check can meet."""
    for check in CHECKS:
        name = check.__name__.replace("_", " ")
        try:
            with trio.fail_after(LIMIT_S):
                found = [finding async for finding in check(config)]
        except trio.TooSlowError:
            found = [Finding(about=name, verdict=Verdict.WRONG, text=f"No answer within {LIMIT_S:g} s")]
        except (RookeryError, OSError, BaseExceptionGroup) as error:
            found = [Finding(about=name, verdict=Verdict.WRONG, text=_reason(error))]
        for finding in found:
            yield finding


async def versions(_: Config) -> AsyncIterator[Finding]:
    """What runs here."""
    yield Finding(
        about="versions",
        text=f"Rookery {importlib.metadata.version('rookery')}, Python {platform.python_version()}, {platform.platform()}",
    )
    yield Finding(about="libraries", text=", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES))
    yield Finding(
        about="FFmpeg", text=", ".join(f"{name} {_dotted(number)}" for name, number in av.library_versions.items())
    )
    missing = [name for name in CODECS if name not in av.codecs_available]
    if missing:
        yield Finding(
            about="decoders",
            verdict=Verdict.NOTE,
            text=f"Not in this build of FFmpeg: {', '.join(missing)}",
            advice="Files of these kinds will fail; install PyAV from its wheel.",
        )


async def machine(config: Config) -> AsyncIterator[Finding]:
    """What the process may use."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield Finding(about="processors", text=f"{available_cores()} usable, {config.workers} workers")
    few = files < FEW_FILES
    yield Finding(
        about="open files",
        verdict=Verdict.NOTE if few else Verdict.FINE,
        text=f"{files} at once",
        advice="Raise it before many clients listen: ulimit -n 8192" if few else None,
    )
    encoding = sys.getfilesystemencoding()
    if encoding != "utf-8":
        yield Finding(
            about="names",
            verdict=Verdict.NOTE,
            text=f"The system's names are in {encoding}",
            advice="Set LANG=C.UTF-8.",
        )


async def settings(config: Config) -> AsyncIterator[Finding]:
    """What differs from the defaults; what may hold a secret is not shown."""
    changed = [
        f"{field.name}={_plain(getattr(config, field.name))}" if field.repr else f"{field.name} is set"
        for field in attrs.fields(Config)
        if getattr(config, field.name) != _default_of(field) and field.name != "log_level"
    ]
    yield Finding(about="settings", text=", ".join(changed) or "All as they are by default")


def _plain(value: object) -> str:
    """As it would stand in the environment."""
    return ":".join(map(str, value)) if isinstance(value, tuple) else str(value)


async def data_folder(config: Config) -> AsyncIterator[Finding]:
    """Where the catalogue is kept."""
    folder = config.data_dir
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free_bytes = shutil.disk_usage(there).free
    usable = os.access(there, os.W_OK | os.X_OK)
    little = free_bytes < FEW_FREE_BYTES
    yield Finding(
        about="data folder",
        verdict=Verdict.WRONG if not usable else Verdict.NOTE if little else Verdict.FINE,
        text=f"{logged_path(folder)}, {free_bytes / GIB:.1f} GiB free" + ("" if usable else ", not writable"),
        advice="Make it writable, or choose another with --data-dir."
        if not usable
        else "Make room."
        if little
        else None,
    )


async def database(config: Config) -> AsyncIterator[Finding]:
    """The catalogue itself, and the folders that it knows."""
    named = {os.path.realpath(bytes(root.expanduser())) for root in config.roots}  # noqa: ASYNC240 — before anything runs
    if config.database_url is None and not _has_cluster(config.data_dir):
        yield Finding(about="database", text="None yet; the first start makes it")
        async for finding in folders(named):
            yield finding
        return
    async with (
        visited(config) as url,
        open_bridge() as bridge,
        open_pool(bridge, url, connections=1, limit_s=10) as pool,
    ):
        began_s = time.perf_counter()
        facts = await pool.read(lambda connection: connection.fetchrow(FACTS))
        took_ms = (time.perf_counter() - began_s) * 1000
        kind = "your own" if config.database_url else "embedded"
        server = f"PostgreSQL {facts['version']} ({kind}), {facts['size']}, answers in {took_ms:.1f} ms"
        yield Finding(about="database", text=server)
        yield Finding(about="extensions", text=facts["extensions"])
        if not facts["has_schema"]:
            yield Finding(
                about="catalogue", verdict=Verdict.NOTE, text="None yet in this database; the first start makes it"
            )
            return
        schema, tracks = await pool.read(lambda connection: connection.fetchrow(CATALOGUE))
        newest = len(migrations())
        yield Finding(
            about="catalogue",
            verdict=Verdict.WRONG if schema > newest else Verdict.FINE,
            text=f"{tracks} tracks, schema {schema}, this program's is {newest}",
            advice="It was used by a newer Rookery: run that one." if schema > newest else None,
        )
        async for finding in folders({root.path for root in await Roots(pool).list_()} | named):
            yield finding


def _has_cluster(data_dir: Path) -> bool:
    return any((data_dir / name).exists() for name in (CLUSTER_NAME, RECORD_NAME))


async def workers(config: Config) -> AsyncIterator[Finding]:
    """Whether a child process reads and measures a recording."""
    with tempfile.TemporaryDirectory(prefix="rookery-doctor-") as folder:
        recording = (await trio.to_thread.run_sync(lambda: make_demo(Path(folder), count=1, seconds=5.0)))[0]
        began_s = time.perf_counter()
        async with local_executor(attrs.evolve(config, workers=1)) as executor:
            probe = await executor.probe(bytes(recording))
            features = await executor.analyze(bytes(recording), progress=lambda _: None)
        took_s = time.perf_counter() - began_s
    yield Finding(
        about="analysis",
        text=f"A worker read {probe.sound.codec} and measured {features.duration_s:.1f} s of it in {took_s:.1f} s",
    )


async def certificate(config: Config) -> AsyncIterator[Finding]:
    """Whether what https would show can be shown."""
    shown = show_certificate(hypercorn.Config(), config)
    if shown is None:
        return
    fault = flaw(shown)
    yield Finding(
        about="https",
        verdict=Verdict.FINE if fault is None else Verdict.WRONG,
        text=f"{config.certificate} and its key belong together"
        if fault is None
        else f"Clients will refuse {config.certificate}: {fault}",
    )


async def port(config: Config) -> AsyncIterator[Finding]:
    """Who listens where the service would."""
    url = f"{'http' if config.certificate is None else 'https'}://{config.host}:{config.port}"
    trusted = ssl.create_default_context(cafile=config.certificate)
    trusted.check_hostname = False  # an address of this machine, which few certificates name
    try:
        async with httpx.AsyncClient(base_url=url, timeout=5, verify=trusted) as client:
            health = (await client.get("/health")).json()
            yield Finding(
                about="service",
                verdict=Verdict.FINE if health["status"] == "ok" else Verdict.NOTE,
                text=f"{url} answers: {health['status']}, version {health['version']}, up {health['uptime']:.0f} s",
            )
            return
    except httpx.ConnectError:
        yield await trio.to_thread.run_sync(_bindable, config)
    except (httpx.HTTPError, KeyError, TypeError, ValueError):
        yield Finding(
            about="service",
            verdict=Verdict.WRONG,
            text=f"{url} answers, but is no Rookery",
            advice="Choose another --port.",
        )


def _bindable(config: Config) -> Finding:
    try:
        with socket.create_server((config.host, config.port)):
            return Finding(about="service", text=f"{config.host} port {config.port} is free; no Rookery runs there")
    except OSError as error:
        return Finding(
            about="service",
            verdict=Verdict.WRONG,
            text=f"{config.host} port {config.port} cannot be used: {error.strerror}",
            advice="Choose others with --host and --port.",
        )


CHECKS: tuple[Check, ...] = (versions, machine, settings, data_folder, database, workers, certificate, port)
"""In the order in which they are told."""

FACTS = """
SELECT current_setting('server_version') AS version, pg_size_pretty(pg_database_size(current_database())) AS size,
  to_regclass('public.migration') IS NOT NULL AND to_regclass('public.track') IS NOT NULL AS has_schema,
  (SELECT string_agg(extname || ' ' || extversion, ', ' ORDER BY extname) FROM pg_extension) AS extensions
"""
CATALOGUE = "SELECT (SELECT max(number) FROM migration), (SELECT count(*) FROM track)"


def _default_of(field: "attrs.Attribute[Any]") -> Any:
    default: Any = field.default
    return default.factory() if hasattr(default, "factory") else default


def _dotted(number: tuple[int, ...]) -> str:
    return ".".join(map(str, number))


def _reason(error: BaseException) -> str:
    return " / ".join(_leaves(error))


def _leaves(error: BaseException) -> Iterator[str]:
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _leaves(part)
    else:
        yield " ".join(str(error).split()) or type(error).__name__
