"""The database as a command meets it that is not the service: whether the service runs just now or not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from actors.config import Config
from actors.errors import DatabaseAwayError, DataFolderBusyError
from actors.store.datafolder import DataFolder, hold_data_folder
from actors.store.embedded import EmbeddedServer, embedded
from actors.store.place import SOCKET_NAME


@asynccontextmanager
async def visited(config: Config) -> AsyncIterator[str]:
    """The URL of the database that these settings mean, answering until the end of the block.

    An embedded server that a running Rookery keeps is shared with it; otherwise one is started for the block, and the
    data folder is held meanwhile. An external server is not looked at.

    Raises:
        ConfigurationError: the data folder cannot be used.
        DatabaseAwayError: a Rookery holds the data folder, but its database does not answer.
        DatabaseError: the server cannot be started as things are. This and what the block raises may come in a group.
    """
    if config.database_url is not None:
        yield config.database_url
        return
    busy = _holder(config)
    if busy is None:
        async with embedded(config.data_dir) as server:
            yield server.url
        return
    shared = EmbeddedServer.on(DataFolder(config.data_dir.resolve(strict=True)))
    try:
        await (await trio.open_unix_socket(str(shared.where.sockets / SOCKET_NAME))).aclose()
    except OSError as error:
        raise DatabaseAwayError(f"{busy} Its database does not answer; if it has only begun, try again.") from error
    yield shared.url


def _holder(config: Config) -> DataFolderBusyError | None:
    """What is said of the Rookery that runs on the data folder; None if there is none."""
    try:
        with hold_data_folder(config.data_dir):
            return None
    except DataFolderBusyError as busy:
        return busy
