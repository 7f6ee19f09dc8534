"""The tables of headers and places."""

import re

import pytest

from web.openapi.headers import PLACES, REQUEST_HEADERS, RESPONSE_HEADERS, TRACING

TABLES = {"request": REQUEST_HEADERS, "tracing": TRACING, "response": RESPONSE_HEADERS, "places": PLACES}


@pytest.mark.parametrize("table", TABLES)
async def test_every_example_has_the_form_that_is_told(table: str) -> None:
    for name, told in TABLES[table].items():
        assert re.search(told.schema.get("pattern", ""), told.example), name
        assert told.meaning, name
