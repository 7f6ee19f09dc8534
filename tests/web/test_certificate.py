"""What cannot be shown by https is said before anything starts."""

import shutil
import ssl

import attrs
import hypercorn
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from actors.config import Config
from actors.errors import ConfigurationError
from tests.web.certificates import expired, locked, made
from web.certificate import Renewal, flaw, show_certificate


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


def test_one_of_a_kind_that_no_client_takes_is_told_but_shown(tmp_path):
    shown = show_certificate(hypercorn.Config(), configured(made(tmp_path, curve=ec.SECP256K1())))

    assert shown is not None
    assert flaw(shown) == "no shared cipher"


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


@pytest.fixture
def shown(pair):
    context = show_certificate(hypercorn.Config(), configured(pair))
    assert context is not None
    return context


def shows(context, pair):
    """Whether a handshake ends well for who trusts this pair alone."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    friend = ssl.create_default_context(cafile=str(pair.certificate))
    asks = friend.wrap_bio(down, up, server_hostname="localhost")
    answers = context.wrap_bio(up, down, server_side=True)
    with pytest.raises(ssl.SSLWantReadError):
        asks.do_handshake()
    with pytest.raises(ssl.SSLWantReadError):
        answers.do_handshake()
    try:
        asks.do_handshake()
    except ssl.SSLCertVerificationError:
        return False
    return True


def test_a_renewed_certificate_is_shown_from_the_next_handshake_on(pair, shown, tmp_path):
    renewal = Renewal(shown, configured(pair))
    assert not renewal.look()

    other = made(tmp_path, "other")
    assert not shows(shown, other)
    shutil.copy(other.certificate, pair.certificate)
    shutil.copy(other.key, pair.key)

    assert renewal.look()
    renewal.show()
    assert shows(shown, other)
    assert not renewal.look()


def test_half_a_renewal_is_told_once_and_the_former_shown_until_it_is_whole(pair, shown, tmp_path):
    renewal = Renewal(shown, configured(pair))
    former, other = tmp_path / "former.crt", made(tmp_path, "other")
    shutil.copy(pair.certificate, former)
    shutil.copy(other.certificate, pair.certificate)
    with pytest.raises(ConfigurationError, match="key values mismatch"):
        renewal.look()

    assert not renewal.look()
    assert shows(shown, attrs.evolve(pair, certificate=former))
    shutil.copy(other.key, pair.key)
    assert renewal.look()
    renewal.show()
    assert shows(shown, other)


def test_a_certificate_that_is_replaced_while_it_is_read_is_told_and_read_again(pair, shown, tmp_path):
    renewal = Renewal(shown, configured(pair))
    first, second = made(tmp_path, "first"), made(tmp_path, "second")
    shutil.copy(first.certificate, pair.certificate)
    shutil.copy(first.key, pair.key)
    assert renewal.look()
    shutil.copy(second.certificate, pair.certificate)
    with pytest.raises(ConfigurationError, match="while they were read"):
        renewal.show()
    shutil.copy(second.key, pair.key)
    assert renewal.look()
    renewal.show()

    assert shows(shown, second)
