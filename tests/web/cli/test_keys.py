"""`rookery keys`, over a database of one's own."""

import json

import pytest
from click.testing import CliRunner

from web.cli import main


@pytest.fixture
def rookery(fresh_database_url, monkeypatch, tmp_path):
    """Run one command; gives its exit code and output."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("web.cli.database.configure_logs", lambda _: None)

    def run(*arguments: str, given: str = "") -> tuple[int, str]:
        answer = CliRunner().invoke(
            main, [*arguments, "--database-url", fresh_database_url], input=given, catch_exceptions=False
        )
        return answer.exit_code, answer.output.strip()

    return run


@pytest.fixture
def ada(rookery):
    """An administrator and an editor."""
    for name, role in (("ada", "admin"), ("ed", "editor")):
        rookery("users", "add", name, "--role", role, "--password-stdin", given="correct horse\n")


@pytest.mark.usefixtures("ada")
def test_a_key_is_made_listed_and_revoked(rookery):
    code, secret = rookery("keys", "add", "ada", "backup script", "--role", "listener", "--days", "30")
    assert code == 0
    assert secret.startswith("rk_")
    made = json.loads(rookery("keys", "add", "ed", "other", "--json")[1])
    assert (made["name"], made["role"], made["expiresAt"], made["secret"][:3]) == ("other", "editor", None, "rk_")

    lines = rookery("keys", "list")[1].splitlines()
    assert len(lines) == 2
    assert "backup script (never used, until " in lines[0]
    assert secret not in "".join(lines)
    (mine,) = [json.loads(line) for line in rookery("keys", "list", "--user", "ada", "--json")[1].splitlines()]
    assert mine["name"] == "backup script"
    assert rookery("keys", "revoke", mine["id"])[0] == 0
    assert rookery("keys", "list", "--user", "ada", "--json") == (0, "")
    assert "There is no key" in rookery("keys", "list", "--user", "ada")[1]


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    "arguments,told",
    [
        (("add", "nobody", "k"), "rookery users list"),
        (("add", "ed", "k", "--role", "admin"), "allows more"),
        (("add", "ed", ""), "NAME"),
        (("add", "ed", "k", "--days", "0"), "--days"),
        (("revoke", "nope"), "rookery keys list"),
        (("list", "--user", "nobody"), "rookery users list"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(rookery, arguments, told):
    code, output = rookery("keys", *arguments)

    assert (code, told in output.splitlines()[-1]) == (2, True)
