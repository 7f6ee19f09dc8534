"""What commands on the database say when they cannot."""

import pytest

from actors.errors import ConfigurationError
from web.cli.database import refuse, run_on


def test_a_foreseen_cause_is_found_however_deep_it_lies(capsys):
    cause = ConfigurationError("the port is taken")
    outer = RuntimeError("a child failed to start")
    outer.__cause__ = BaseExceptionGroup("several", [ValueError("other"), cause])

    with pytest.raises(SystemExit) as end:
        refuse(outer)
    assert end.value.code == 2
    assert capsys.readouterr().err == "rookery: the port is taken\n"


def test_what_nobody_foresaw_is_raised_on():
    with pytest.raises(RuntimeError, match="a slip"):
        refuse(RuntimeError("a slip"))


def test_a_setting_that_cannot_be_used_is_named(capsys):
    async def work(config):
        raise AssertionError("never begun")

    with pytest.raises(SystemExit):
        run_on(work, database_connections=1)

    assert "database_connections" in capsys.readouterr().err
