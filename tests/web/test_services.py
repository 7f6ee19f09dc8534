"""What routes work with."""

import pytest

from web.services import services, using


async def test_a_request_finds_the_services_of_its_app(served) -> None:
    with using(served.services):
        assert services() is served.services


def test_there_are_none_outside() -> None:
    with pytest.raises(LookupError):
        services()
