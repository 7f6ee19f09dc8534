"""Addresses as people write them."""

import click
import pytest
from click.testing import CliRunner

from web.cli import main
from web.cli.address import address, shown


@pytest.mark.parametrize(
    "written, whole",
    [("http://127.0.0.1:8000", "http://127.0.0.1:8000"), ("localhost:8300", "http://localhost:8300"),
     ("https://music.example/", "https://music.example"), ("[::1]:80", "http://[::1]:80"), ("127.0.0.1", "http://127.0.0.1")],
)  # fmt: skip
def test_what_is_missing_is_added(written, whole):
    assert address(None, None, written) == whole


@pytest.mark.parametrize("written", ["", "ftp://x", "http://", "http://x:port", "http://x:99999", ":8000"])
def test_what_is_no_address_is_refused(written):
    with pytest.raises(click.BadParameter, match="no address"):
        address(None, None, written)


@pytest.mark.parametrize("command", ["tail", "status"])
def test_every_command_that_asks_a_service_names_the_option_and_its_variable(command):
    text = CliRunner().invoke(main, [command, "--help"]).output

    assert "--url" in text
    assert "ROOKERY_URL" in text


def test_a_token_is_shown_as_bearer():
    assert shown("rt_x") == {"Authorization": "Bearer rt_x"}
    assert shown(None) == {}
