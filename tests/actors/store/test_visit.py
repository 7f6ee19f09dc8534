"""The database of a command beside the service."""

import attrs
import pytest
import trio

from actors.errors import DatabaseAwayError, DataFolderBusyError
from actors.store.datafolder import hold_data_folder
from actors.store.embedded import embedded
from actors.store.leftover import servers_of
from actors.store.visit import visited

QUICK = {"fsync": "off", "shared_buffers": "16MB"}


@pytest.fixture
def config(store_config, cluster_folder):
    return attrs.evolve(store_config, data_dir=cluster_folder)


async def test_a_running_database_is_shared(config) -> None:
    async with embedded(config.data_dir, settings=QUICK) as server:
        async with visited(config) as url:
            assert url == server.url
        assert servers_of(server.where.cluster)


async def test_a_database_that_rests_runs_for_the_command(config) -> None:
    async with visited(config):
        with pytest.raises(DataFolderBusyError), hold_data_folder(config.data_dir):
            pass
        running = servers_of(config.data_dir / "postgres")
    assert running
    assert servers_of(config.data_dir / "postgres") == []


async def test_a_holder_whose_database_is_not_there_is_named(config) -> None:
    with hold_data_folder(config.data_dir), pytest.raises(DatabaseAwayError, match="try again"):
        async with visited(config):
            pass


async def test_a_named_server_is_taken_at_its_word(store_config) -> None:
    async with visited(attrs.evolve(store_config, database_url="postgresql://db.example/music")) as url:
        assert url == "postgresql://db.example/music"
    await trio.lowlevel.checkpoint()
