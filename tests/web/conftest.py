"""The app, served: a real catalogue, a small real tree, Hypercorn on a real socket, httpx in front of it."""

import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import httpx
import hypercorn
import pytest
import trio
from quart_trio import QuartTrio

from actors.config import Config
from actors.errors import UnreadableError
from actors.feed import Feed
from actors.librarian import Librarian
from actors.messages import RootsChanged, ScanNow
from actors.model.change import AddTrack, Content, Reading, SetFeatures
from actors.model.features import Features, Key, Loudness, Tempo
from actors.model.key import TOKEN_PREFIX, digest, fresh_secret
from actors.model.probe import Probe
from actors.model.root import Root
from actors.model.track import Sound, Stage, Tags
from actors.model.user import Role, User
from actors.nudge import Nudge
from actors.pipeline import WATCHER
from actors.player import PLAYERS
from actors.redis import Redis
from actors.store.store import Store
from supervision import Child, Context, Intensity, Running, Strategy, Supervisor, run, testing
from tests.contracts.fake_executor import FakeExecutor
from web.application import create_app
from web.errors import refused_by_server
from web.services import Services
from web.serving import serve
from web.serving.line import STALL_S

NO_TAGS = Tags()
SERVER = os.environ.get("ROOKERY_SERVER", "lane")
"""As for the service itself, so that the same tests hold for both."""


async def idle(context: Context) -> None:
    """A task that runs until it is stopped."""
    await context.stopping.wait()


@attrs.frozen(kw_only=True, eq=False)
class Served:
    """A served app, and what it works with."""

    url: str
    client: httpx.AsyncClient
    services: Services
    app: QuartTrio
    told: list[ScanNow | RootsChanged]
    """What the watcher got."""

    @property
    def store(self) -> Store:
        """The catalogue."""
        return self.services.store


def small_tree(told: testing.Probe, store: Store) -> Supervisor:
    """A tree with the names of the real one, as far as the web knows them."""
    root, pipeline, watcher = WATCHER.split("/")
    return Supervisor(
        root,
        intensity=Intensity(restarts=100, within_s=1.0),
        children=[
            Supervisor(
                pipeline,
                children=[
                    told.child(watcher),
                    Child("librarian", lambda: Librarian(store=store, work_waits=Nudge())),
                    Child("idle", idle),
                    Supervisor(PLAYERS.rpartition("/")[2], strategy=Strategy.DYNAMIC, max_children=10),
                ],
            ),
        ],
    )


@asynccontextmanager
async def serving(services: Services, *, stall_s: float = STALL_S) -> AsyncIterator[tuple[str, QuartTrio]]:
    """Serve the app of some services on a free port of loopback; gives its address and the app."""
    app = create_app(services)
    settings = hypercorn.Config()
    settings.bind = ["127.0.0.1:0"]
    settings.graceful_timeout = 0.5
    settings.loglevel = "CRITICAL"
    async with trio.open_nursery() as nursery:
        stop = trio.Event()
        addresses = await nursery.start(
            partial(
                serve,
                app,
                settings,
                shutdown_trigger=stop.wait,
                stall_s=stall_s,
                refused=refused_by_server,
                lane=SERVER == "lane",
            )
        )
        yield addresses[0], app
        stop.set()


def make_services(store: Store, config: Config, running: Running, redis: Redis | None = None) -> Services:
    """Services over parts at hand."""
    return Services(
        config=config,
        store=store,
        feed=Feed(store.events, queue_bytes=config.client_queue_bytes),
        executor=FakeExecutor(answers=Sounds()),
        redis=redis,
        running=running,
        started_at=datetime.now(UTC),
        version="1.2.3",
    )


class Sounds(dict[bytes, Any]):
    """What reading a file gives: its bytes are its sound, `noise` is none, `broken…` is damaged."""

    def get(self, path: bytes, default: Any = None) -> Any:
        """One answer."""
        try:
            with open(path, "rb") as file:
                body = file.read()
        except FileNotFoundError:
            return default
        if body.startswith((b"noise", b"broken")):
            return UnreadableError("no_audio" if body.startswith(b"noise") else "corrupt", "it cannot be read")
        sound = Sound(container="mp3", codec="mp3", duration_s=61.5, rate_hz=44_100, channels=2)
        return Probe(audio_hash=hashlib.sha256(body).hexdigest(), sound=sound, tags=Tags(title="Uploaded")), None


ServedOver = Callable[..., AbstractAsyncContextManager[Served]]


@pytest.fixture
def served_over(store_config: Config) -> ServedOver:
    """A way to serve the app over any catalogue."""

    @asynccontextmanager
    async def serve_over(
        store: Store, redis: Redis | None = None, *, stall_s: float = STALL_S, **settings: Any
    ) -> AsyncIterator[Served]:
        told = testing.Probe()
        async with run(small_tree(told, store)) as running:
            services = make_services(store, attrs.evolve(store_config, **settings), running, redis)
            async with (
                serving(services, stall_s=stall_s) as (url, app),
                httpx.AsyncClient(base_url=url, timeout=20) as client,
            ):
                yield Served(url=url, client=client, services=services, app=app, told=told.messages)

    return serve_over


@pytest.fixture
async def served(store: Store, served_over: ServedOver) -> AsyncIterator[Served]:
    """The app over the module's catalogue."""
    async with served_over(store) as served:
        yield served


@attrs.frozen(kw_only=True)
class Shelf:
    """One root of the catalogue with real, if silent, files."""

    store: Store
    root: Root
    folder: Path

    async def put(
        self,
        name: str | bytes,
        body: bytes = b"sound",
        *,
        tags: Tags = NO_TAGS,
        sound: Sound | None = None,
        peaks: bytes | None = None,
        track_id: str | None = None,
    ) -> str:
        """Write a file and catalogue it; gives the track's id."""
        path = os.fsencode(self.folder) + b"/" + os.fsencode(name)
        with open(path, "wb") as file:  # noqa: ASYNC230  # small; pathlib takes no bytes
            file.write(body)
        return (await self.put_many([path], tags=tags, sound=sound, peaks=peaks, track_id=track_id))[0]

    async def put_many(
        self,
        paths: Sequence[bytes],
        *,
        tags: Tags = NO_TAGS,
        sound: Sound | None = None,
        peaks: bytes | None = None,
        track_id: str | None = None,
    ) -> list[str]:
        """Catalogue files that are there already, or say so; gives the tracks' ids."""
        sound = sound or Sound(container="mp3", codec="mp3", duration_s=61.5, rate_hz=44_100, channels=2)
        changes: list[AddTrack | SetFeatures] = []
        ids = []
        for path in paths:
            ids.append(track_id or secrets.token_hex(8))
            audio_hash = secrets.token_hex(32)
            content = Content(stage=Stage.PENDING, probe=Probe(audio_hash=audio_hash, sound=sound, tags=tags))
            changes.append(AddTrack(track_id=ids[-1], reading=self._reading(path), content=content))
            if peaks is not None:
                changes.append(SetFeatures(track_id=ids[-1], audio_hash=audio_hash, features=measured(peaks)))
        await self.store.changes.apply(changes)
        return ids

    def _reading(self, path: bytes) -> Reading:
        size = os.stat(path).st_size if os.path.exists(path) else 1  # bytes
        return Reading(root_id=self.root.id, path=path, size_bytes=size, mtime_ns=1, device=1, inode=1)


def measured(peaks: bytes) -> Features:
    """What analysis might have found."""
    return Features(
        version=1,
        duration_s=60.25,
        loudness=Loudness(
            integrated_lufs=-14.5,
            range_lu=6.0,
            true_peak_dbtp=-1.0,
            sample_peak_dbfs=-1.25,
            max_momentary_lufs=None,
            max_short_term_lufs=None,
        ),
        tempo=Tempo(bpm=120.0, confidence=0.9, alternatives=(60.0,)),
        key=Key(tonic=9, is_minor=True, confidence=0.8),
        peaks=peaks,
    )


@pytest.fixture
async def shelf(store: Store, tmp_path: Path) -> Shelf:
    """A root in a folder of the test's own."""
    folder = tmp_path / "music"
    folder.mkdir()
    return Shelf(store=store, root=await store.roots.add(bytes(folder)), folder=folder)


@pytest.fixture
def refused() -> Callable[[httpx.Response, int, str], dict[str, Any]]:
    """A check: the problem that a response must be."""

    def check(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        told: dict[str, Any] = response.json()
        assert (told["status"], told["code"]) == (status, code)
        assert told["requestId"] == response.headers["x-request-id"]
        assert "Traceback" not in response.text
        return told

    return check


@attrs.frozen(kw_only=True, eq=False)
class Peopled:
    """A served app with one account of each role, whose password is `PASSWORD`, and a token of each."""

    served: Served
    users: dict[Role, User]
    tokens: dict[Role, str]

    def headers(self, role: Role) -> dict[str, str]:
        """What says that one of this role asks."""
        return {"Authorization": f"Bearer {self.tokens[role]}"}

    @property
    def client(self) -> httpx.AsyncClient:
        """A client that shows nothing by itself."""
        return self.served.client


PASSWORD_HASH = "$argon2id$v=19$m=8,t=1,p=1$YRB26U+QVW7PjCevfaPZ7g$juqh/+rdBJUbbIY8GpLilPHem1fZCRRoE1uplP3cY4Q"
"""Of `correct horse`, at no cost worth naming."""


@pytest.fixture
async def peopled(fresh_store: Store, served_over: ServedOver) -> AsyncIterator[Peopled]:
    """The app over a catalogue of the test's own, with accounts."""
    users, tokens = {}, {}
    for role in reversed(Role):
        users[role] = await fresh_store.users.add(name=f"the-{role}", role=role, password_hash=PASSWORD_HASH)
        tokens[role] = fresh_secret(TOKEN_PREFIX)
        await fresh_store.tokens.add(users[role].id, digest(tokens[role]), lifetime_s=3600)
    async with served_over(fresh_store) as served:
        yield Peopled(served=served, users=users, tokens=tokens)
