"""What routes work with."""

import pytest

from web.services import services


async def test_a_request_finds_the_services_of_its_app(served) -> None:
    async with served.app.app_context():
        assert services() is served.services


def test_there_are_none_outside() -> None:
    with pytest.raises(RuntimeError):
        services()
