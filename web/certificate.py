"""What the server shows to those who come by https: a certificate and its key, looked at before anything starts and when they are renewed."""

import contextlib
import os
import ssl
from pathlib import Path

import hypercorn

from actors.config import Config
from actors.errors import ConfigurationError

_NAME = "rookery.invalid"
"""Names are not compared; the library only wants one."""


def show_certificate(settings: hypercorn.Config, config: Config) -> ssl.SSLContext | None:
    """Tell Hypercorn's settings of the certificate that is configured; gives what shows it, None where there is none.

    Raises:
        ConfigurationError: a file cannot be read, holds no such thing, or the key belongs to another certificate.
    """
    if config.certificate is None or config.certificate_key is None:
        return None
    for what, path in (("certificate", config.certificate), ("certificate_key", config.certificate_key)):
        try:
            path.open("rb").close()
        except OSError as error:
            raise ConfigurationError(f"Cannot read the {what} {path}: {error.strerror}.") from error
    settings.certfile, settings.keyfile = str(config.certificate), str(config.certificate_key)
    # Without one OpenSSL asks for it at the terminal, where a service waits for ever.
    settings.keyfile_password = ""
    try:
        return settings.create_ssl_context()
    except (ssl.SSLError, ValueError) as error:
        raise ConfigurationError(
            f"The certificate {config.certificate} and the key {config.certificate_key} cannot be used: {_reason(error)}. "
            "Both must be PEM, and the key that certificate's own."
        ) from error


_State = tuple[tuple[int, int, int] | None, ...]


class Renewal:
    """Has a context show what was put in the place of its certificate meanwhile."""

    def __init__(self, shown: ssl.SSLContext, config: Config) -> None:
        self._shown = shown
        self._config = config
        self._seen: _State = self._state()

    def look(self) -> bool:
        """Whether there is a new certificate to show. Reads files: call it in a thread.

        Raises:
            ConfigurationError: what is there now cannot be shown; said once for each state of the files.
        """
        state = self._state()
        if state == self._seen:
            return False
        self._seen = state
        show_certificate(hypercorn.Config(), self._config)  # tried out where nobody sees it
        return True

    def show(self) -> None:
        """Show what `look` has found, from the next handshake on.

        Call it in the thread of the connections: OpenSSL lets none begin while another thread changes what they are made from.

        Raises:
            ConfigurationError: it was replaced meanwhile; the next `look` says anew what is there.
        """
        assert self._config.certificate is not None
        try:
            self._shown.load_cert_chain(self._config.certificate, self._config.certificate_key, "")
        except (ssl.SSLError, OSError) as error:
            self._seen = ()
            raise ConfigurationError("The certificate and its key were replaced while they were read.") from error

    def _state(self) -> _State:
        return tuple(_state(path) for path in (self._config.certificate, self._config.certificate_key))


def _state(path: Path | None) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path or "")
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def flaw(shown: ssl.SSLContext) -> str | None:
    """Why clients will refuse a certificate whoever signed it, in OpenSSL's words: it has expired, say, or none knows its kind of key.
    None where they need not.

    Two handshakes in memory: who takes part in one is told everything, and nothing else in the standard library reads dates.
    """
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    stranger.check_hostname = False
    stranger.verify_mode = ssl.CERT_NONE
    friend = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    friend.check_hostname = False
    friend.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # trusted as it stands, so that who signed it does not matter
    try:
        certificate = _handshake(shown, stranger).getpeercert(binary_form=True)
        assert certificate is not None
        friend.load_verify_locations(cadata=certificate)
        _handshake(shown, friend)
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except ssl.SSLError as error:
        return _reason(error)
    return None


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> ssl.SSLObject:
    """The client's end, after a handshake between the two."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    asks = client.wrap_bio(down, up, server_hostname=_NAME)
    answers = server.wrap_bio(up, down, server_side=True)
    while True:
        try:
            asks.do_handshake()
        except ssl.SSLWantReadError:
            with contextlib.suppress(ssl.SSLWantReadError):
                answers.do_handshake()
        else:
            return asks


def _reason(error: Exception) -> str:
    words = getattr(error, "reason", None) or "one of them is something else, or the key has a password"
    return str(words).replace("_", " ").lower()
