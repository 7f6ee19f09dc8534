"""What cannot be shown by https is said before anything starts."""

import attrs
import hypercorn
import pytest

from actors.config import Config
from actors.errors import ConfigurationError
from tests.web.certificates import expired, locked, made
from web.certificate import flaw, show_certificate


def configured(pair):
    return Config(certificate=pair.certificate, certificate_key=pair.key)


@pytest.fixture
def pair(tmp_path):
    return made(tmp_path)


def test_without_a_certificate_there_is_nothing_to_show():
    assert show_certificate(hypercorn.Config(), Config()) is None


def test_a_certificate_and_its_key_are_shown_and_hypercorn_told(pair):
    settings = hypercorn.Config()
    shown = show_certificate(settings, configured(pair))

    assert settings.ssl_enabled
    assert shown is not None
    assert flaw(shown) is None


def test_one_that_has_expired_is_told_but_shown(pair):
    shown = show_certificate(hypercorn.Config(), configured(expired(pair)))

    assert shown is not None
    assert flaw(shown) == "certificate has expired"


@pytest.mark.parametrize("missing", ["certificate", "key"])
def test_a_file_that_is_not_there_is_named(pair, tmp_path, missing):
    config = configured(attrs.evolve(pair, **{missing: tmp_path / "none.pem"}))

    with pytest.raises(ConfigurationError, match=r"none\.pem: No such file"):
        show_certificate(hypercorn.Config(), config)


@pytest.mark.parametrize(
    "spoiled, told",
    [
        (lambda pair, folder: attrs.evolve(pair, key=made(folder, "other").key), "key values mismatch"),
        (lambda pair, _: attrs.evolve(pair, certificate=pair.key, key=pair.certificate), "something else"),
        (lambda pair, _: locked(pair, "secret"), "has a password"),
    ],
    ids=["another's key", "exchanged", "a password"],
)
def test_what_does_not_belong_together_is_refused_without_asking_anybody(pair, tmp_path, spoiled, told):
    with pytest.raises(ConfigurationError, match=told):
        show_certificate(hypercorn.Config(), configured(spoiled(pair, tmp_path)))


def test_each_of_the_two_needs_the_other(pair):
    with pytest.raises(ValueError, match="need each other"):
        Config(certificate=pair.certificate)
    with pytest.raises(ValueError, match="need each other"):
        Config(certificate_key=pair.key)
