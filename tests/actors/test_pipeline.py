"""The tree as a whole: who may wait for whom, and what happens when parts of it crash."""

from contextlib import asynccontextmanager

import attrs
import pytest
import trio

from actors.config import Config
from actors.house import House
from actors.media.demo import make_demo
from actors.pipeline import ANALYZER, CATALOGER, WAITS_FOR, WATCHER, tree
from actors.work.local import local_executor
from supervision import ActorState, run


def test_nobody_waits_in_a_circle():
    def reaches(start: str, goal: str, seen: frozenset[str] = frozenset()) -> bool:
        return any(
            one == goal or (one not in seen and reaches(one, goal, seen | {one})) for one in WAITS_FOR.get(start, ())
        )

    assert not [actor for actor in WAITS_FOR if reaches(actor, actor)]


@pytest.fixture
def config(store_config: Config, tmp_path) -> Config:
    folder = tmp_path / "music"
    make_demo(folder, count=7, seconds=3.0)
    return attrs.evolve(store_config, roots=(folder,), settle_s=0.1, workers=1)


@pytest.fixture
def house(config, fresh_database_url) -> House:
    return House(config=config, url=fresh_database_url)


async def until(house: House, wanted) -> list:
    """All tracks, once `wanted` holds of each and there are some; looks again at every event."""
    with trio.fail_after(90):
        async with house.store.events.listen() as listening:
            while True:
                page = await house.store.tracks.list_(page_size=500)
                if page.items and wanted(page.items):
                    return list(page.items)
                await listening.take()


def all_analyzed(count: int):
    return lambda tracks: len(tracks) == count and all(track.stage == "analyzed" for track in tracks)


async def test_a_folder_becomes_a_catalogue_and_every_actor_heals_without_losing_a_file(house, config):
    async with run(tree(house, server=None, web=None), signals=False) as running:
        await until(house, all_analyzed(7))
        for number, path in enumerate((WATCHER, CATALOGER, ANALYZER, "rookery/pipeline/broadcaster")):
            make_demo(config.roots[0], count=8 + number, seconds=3.0)
            await running.stop_child(path, how="kill")
            await running.restart_child(path)
            tracks = await until(house, all_analyzed(8 + number))
            assert len({track.audio_hash for track in tracks}) == len(tracks)
        assert running.status().find(CATALOGER).state is ActorState.RUNNING


@attrs.define(eq=False)
class Stumbling:
    """An executor that fails its caller once in each method, as only a slip in the program can."""

    inner: object
    stumbles: list[str] = attrs.field(factory=lambda: ["probe", "analyze"])

    async def probe(self, path):
        """As the executor inside, but for the first time."""
        return await self._once("probe", lambda: self.inner.probe(path))

    async def analyze(self, path, *, progress):
        """As the executor inside, but for the first time."""
        return await self._once("analyze", lambda: self.inner.analyze(path, progress=progress))

    async def _once(self, name, call):
        if name in self.stumbles:
            self.stumbles.remove(name)
            raise RuntimeError(f"a slip in {name}")
        return await call()


async def test_a_crash_in_the_midst_of_a_message_loses_no_file(house, monkeypatch):
    stumbling: list[Stumbling] = []

    @asynccontextmanager
    async def executor(config):
        async with local_executor(config) as inner:
            stumbling.append(Stumbling(inner))
            yield stumbling[0]

    monkeypatch.setattr("actors.house.local_executor", executor)
    async with run(tree(house, server=None, web=None), signals=False) as running:
        await until(house, all_analyzed(7))
        assert stumbling[0].stumbles == []
        assert running.status().find(CATALOGER).incarnation > 1
        assert running.status().find(ANALYZER).incarnation > 1


async def test_a_redis_that_is_away_delays_nothing_and_is_shown_in_the_tree(config, fresh_database_url):
    away = attrs.evolve(config, redis_url="redis://127.0.0.1:1/0")
    async with run(tree(House(config=away, url=fresh_database_url), server=None, web=None), signals=False) as running:
        states = {node.path: node.state for node in running.status().walk()}
        assert states["rookery/shared/redis"] is ActorState.RUNNING
    assert "127.0.0.1:1" not in repr(away)
