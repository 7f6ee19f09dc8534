"""`rookery users`, over a database of one's own; tests/flow has the embedded one."""

import json

import pytest
from click.testing import CliRunner

from web.cli import main

PASSWORD = "correct horse\n"


@pytest.fixture
def users(fresh_database_url, monkeypatch, tmp_path):
    """Run one command; gives its exit code and output."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("web.cli.database.configure_logs", lambda _: None)

    def run(*arguments: str, given: str = "") -> tuple[int, str]:
        answer = CliRunner().invoke(
            main, ["users", *arguments, "--database-url", fresh_database_url], input=given, catch_exceptions=False
        )
        return answer.exit_code, answer.output.strip()

    return run


def test_an_account_from_its_first_to_its_last_day(users):
    add = ("--password-stdin", "--shown-name", "Ada Vale")
    assert users("add", "ada", "--admin", *add, given=PASSWORD) == (0, "ada may log in, as admin")
    assert users("add", "bob", "--password-stdin", given=PASSWORD) == (0, "bob may log in, as listener")
    assert users("role", "bob", "admin") == (0, "bob is admin now")
    assert users("list")[1].splitlines() == [
        "ada                      admin     Ada Vale",
        "bob                      admin",
    ]
    listed = [json.loads(line) for line in users("list", "--json")[1].splitlines()]
    assert [(user["name"], user["shownName"]) for user in listed] == [("ada", "Ada Vale"), ("bob", None)]
    assert users("password", "ADA", "--password-stdin", given="another one\n")[0] == 0
    assert users("remove", "ada", "--yes") == (0, "ada is removed")
    assert users("remove", "bob", given="n\n")[0] == 1


@pytest.mark.parametrize(
    "arguments,given,told",
    [
        (("add", "ada", "--password-stdin"), PASSWORD, "must be an administrator's"),
        (("add", "ada", "--admin", "--password-stdin"), "short\n", "8 to 256"),
        (("add", "ada", "--admin"), PASSWORD, "--password-stdin"),
        (("add", "two words", "--admin", "--password-stdin"), PASSWORD, "NAME"),
        (("add", "local", "--admin", "--password-stdin"), PASSWORD, "taken"),
        (("remove", "nobody", "--yes"), "", "rookery users list"),
        (("remove", "local", "--yes"), "", "rookery users list"),
        (("role", "nobody", "admin"), "", "rookery users list"),
        (("role", "nobody", "king"), "", "king"),
        (("password", "nobody", "--password-stdin"), PASSWORD, "rookery users list"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(users, arguments, given, told):
    code, output = users(*arguments, given=given)

    assert code == 2
    assert told in output.splitlines()[-1]
    assert "correct horse" not in output
    assert users("list", "--json") == (0, "")
    assert "Nobody has an account" in users("list")[1]


def test_the_last_administrator_stays(users):
    users("add", "ada", "--admin", "--password-stdin", given=PASSWORD)

    for arguments in (("remove", "ada", "--yes"), ("role", "ada", "editor")):
        code, output = users(*arguments)
        assert (code, "last administrator" in output) == (2, True)
