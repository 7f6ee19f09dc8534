"""Every socket of a configuration is listened at, in clear or by TLS."""

import hypercorn
import pytest
import trio

from tests.web.certificates import made
from web.serving.listeners import listen, socket_of


@pytest.fixture
def config(tmp_path):
    pair = made(tmp_path)
    settings = hypercorn.Config()
    settings.certfile, settings.keyfile = str(pair.certificate), str(pair.key)
    settings.bind, settings.insecure_bind = ["127.0.0.1:0"], ["127.0.0.1:0"]
    return settings


async def test_each_tells_its_address(config):
    listeners, addresses = listen(config)
    ports = [socket_of(listener).getsockname()[1] for listener in listeners]

    assert addresses == [f"https://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}"]
    assert [isinstance(listener, trio.SSLListener) for listener in listeners] == [True, False]
    for listener in listeners:
        await listener.aclose()
