"""The folders of a configuration, as the store is opened."""

import os

import attrs
import pytest
import trio

from actors.config import Config
from actors.errors import ConfigurationError
from actors.house import House
from actors.media.demo import make_demo
from actors.pipeline import tree
from supervision import StartError, run


@pytest.fixture
def house(store_config: Config, fresh_database_url, tmp_path) -> House:
    """Over one folder with two files."""
    folder = tmp_path / "music"
    make_demo(folder, count=2, seconds=3.0)
    return House(config=attrs.evolve(store_config, roots=(folder,), settle_s=0.1, workers=1), url=fresh_database_url)


async def until_there(house: House, count: int) -> None:
    """Wait until so many tracks are in the catalogue."""
    with trio.fail_after(90):
        async with house.store.events.listen() as listening:
            while len((await house.store.tracks.list_(page_size=50)).items) < count:
                await listening.take()


@pytest.mark.parametrize("make, message", [(None, "does not exist"), (b"", "not a folder")], ids=["absent", "file"])
async def test_a_root_that_is_none_refuses_the_start_by_name(house, tmp_path, make, message):
    path = tmp_path / "wrong"
    if make is not None:
        path.write_bytes(make)
    wrong = House(config=attrs.evolve(house.config, roots=(path,)), url=house.url)

    with pytest.raises(StartError) as caught:
        async with run(tree(wrong, server=None, web=None), signals=False):
            pass
    cause = caught.value.__cause__
    assert isinstance(cause, ConfigurationError)
    assert message in str(cause)
    assert os.fspath(path) in str(cause)


async def test_a_known_root_may_be_away_at_the_start(house, tmp_path):
    async with run(tree(house, server=None, web=None), signals=False):
        await until_there(house, 2)
    house.config.roots[0].rename(tmp_path / "away")
    again = House(config=house.config, url=house.url)

    async with run(tree(again, server=None, web=None), signals=False):
        with trio.fail_after(30):
            async with again.store.events.listen() as listening:
                while (await again.store.roots.list_())[0].state != "unavailable":
                    await listening.take()
        assert all(track.presence == "present" for track in (await again.store.tracks.list_(page_size=50)).items)
