"""Where settings come from, and which one wins."""

from pathlib import Path

import pytest

from actors.errors import ConfigurationError
from web.settings import load_config, passed_over


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def file_with(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "config" / "rookery"
    folder.mkdir(parents=True)
    (folder / "rookery.toml").write_text(text, encoding="utf-8")
    return folder / "rookery.toml"


def test_without_any_the_defaults_hold():
    assert load_config().port == 8000


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path, monkeypatch):
    file_with(tmp_path, '[rookery]\nport = 1\nhost = "::1"\nlog_level = "debug"\n')
    monkeypatch.setenv("ROOKERY_PORT", "2")
    monkeypatch.setenv("ROOKERY_LOG_LEVEL", "error")
    config = load_config(port=3, host=None)

    assert (config.port, config.log_level, config.host) == (3, "error", "::1")


def test_what_needs_each_other_may_come_from_several_places(monkeypatch):
    monkeypatch.setenv("ROOKERY_CERTIFICATE", "/a.pem")

    assert load_config(certificate_key=Path("/a.key")).certificate == Path("/a.pem")


def test_what_the_command_line_gives_is_refused_in_the_same_words():
    with pytest.raises(ConfigurationError, match=r"^A setting cannot be used: 'port' must be <= 65535: 70000$"):
        load_config(port=70000)


def test_roots_of_all_places_are_added_up(monkeypatch):
    monkeypatch.setenv("ROOKERY_ROOTS", "/a:/b")

    assert load_config(roots=(Path("/c"),)).roots == (Path("/a"), Path("/b"), Path("/c"))


def test_further_names_of_the_server_are_separated_like_roots(monkeypatch):
    monkeypatch.setenv("ROOKERY_HOSTS", "music.example:rook.local")

    assert load_config().hosts == ("music.example", "rook.local")


def test_a_file_can_be_named(tmp_path, monkeypatch):
    path = tmp_path / "mine.toml"
    path.write_text("[rookery]\nport = 7\n", encoding="utf-8")
    monkeypatch.setenv("ROOKERY_CONFIG", str(path))

    assert load_config().port == 7


@pytest.mark.parametrize(
    "name, value, told",
    [
        ("ROOKERY_PORT", "many", "'port' must be a whole number, not 'many'"),
        ("ROOKERY_SETTLE_S", "soon", "'settle_s' must be a number, not 'soon'"),
        ("ROOKERY_NO_AUTH", "maybe", "'no_auth' must be true or false, not 'maybe'"),
        ("ROOKERY_LOG_LEVEL", "loud", "'log_level' must be one of debug, info, warning, error, not 'loud'"),
        ("ROOKERY_SETTLE_S", "-1", "'settle_s' must be > 0: -1.0"),
    ],
)
def test_a_wrong_value_in_the_environment_is_refused_in_plain_words(monkeypatch, name, value, told):
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError) as refused:
        load_config()
    assert str(refused.value) == f"A setting cannot be used: {told}"


@pytest.mark.parametrize(
    "text, told",
    [("[rookery]\nport = \n", "cannot be read as TOML: Invalid value"), ("[rookery]\nprot = 8000\n", "prot")],
    ids=["broken", "unknown"],
)
def test_a_wrong_file_is_refused_by_its_name(tmp_path, text, told):
    file_with(tmp_path, text)

    with pytest.raises(ConfigurationError, match=told) as refused:
        load_config()
    assert "rookery.toml" in str(refused.value)


def test_a_named_file_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("ROOKERY_CONFIG", "/nowhere/rookery.toml")

    with pytest.raises(ConfigurationError, match=r"/nowhere/rookery\.toml"):
        load_config()


def test_a_variable_that_is_no_setting_is_told_with_the_nearest_that_is_one():
    environment = {
        "ROOKERY_RATE_REED": "1",
        "ROOKERY_SERVICE_HOST": "10.0.0.1",
        "ROOKERY_PORT": "1",
        "ROOKERY_CONFIG": "x",
        "ROOKERY_TOKEN": "x",
        "ROOKERY_TEST_POSTGRES": "x",
        "PATH": "x",
    }

    assert list(passed_over(environment)) == [
        "ROOKERY_RATE_REED is no setting and is passed over; did you mean ROOKERY_RATE_READ?",
        "ROOKERY_SERVICE_HOST is no setting and is passed over",
    ]
