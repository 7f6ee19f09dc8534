"""Settings are checked when they are made."""

from pathlib import Path

import pytest

from actors.config import Config, available_cores, default_data_dir


@pytest.mark.parametrize(
    "wrong",
    [{"port": -1}, {"port": 65_536}, {"log_level": "loud"}, {"log_format": "xml"}, {"workers": 0}, {"settle_s": 0},
     {"missing_fraction": 1.5}, {"database_connections": 1}, {"quarantine_after": 0},
     {"analysis_limit_s": 0}, {"analysis_limit_s": 721}, {"login_s": 0}, {"admin_key": "k" * 31},
     {"admin_key": "k" * 40 + ",short"}, {"probe_limit_s": 0}, {"worker_memory_bytes": 0}, {"query_limit_s": -1},
     {"client_queue_bytes": -1}, {"heartbeat_s": 0}, {"stream_heartbeat_s": float("nan")}],
    ids=lambda wrong: next(iter(wrong)),
)  # fmt: skip
def test_a_wrong_value_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Config(**wrong)


def test_the_data_folder_follows_the_desktop_rules(monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert default_data_dir() == Path("/data/rookery")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert default_data_dir() == Path.home() / ".local/share/rookery"


def test_there_is_at_least_one_core():
    assert available_cores() >= 1


def test_no_repr_shows_the_password_of_the_database():
    assert "secret" not in repr(Config(database_url="postgresql://ann:secret@host/music"))


@pytest.mark.parametrize(
    "wrong", ["*", "null", "app.example", "https://", "https://app.example/x", "ftp://a", "https://a?b"]
)
def test_what_is_no_origin_is_refused(wrong):
    with pytest.raises(ValueError, match="cors_origins"):
        Config(cors_origins=(wrong,))


@pytest.mark.parametrize("wrong", ["proxy.example", "10.0.0.0/99", ""])
def test_what_is_no_network_is_refused(wrong):
    with pytest.raises(ValueError, match="proxies"):
        Config(proxies=(wrong,))


def test_secrets_are_not_shown():
    shown = repr(Config(database_url="postgresql://u:secret@db/x", redis_url="redis://:secret@r/0"))
    assert "secret" not in shown
