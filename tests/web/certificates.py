"""Certificates to throw away, made by OpenSSL's own program."""

import subprocess
from pathlib import Path

import attrs


@attrs.frozen(kw_only=True)
class Pair:
    """A certificate that nobody but itself vouches for, and its key."""

    certificate: Path
    key: Path


def made(folder: Path, name: str = "localhost") -> Pair:
    """A pair for this machine, good for a day."""
    pair = Pair(certificate=folder / f"{name}.crt", key=folder / f"{name}.key")
    _openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        *("-keyout", pair.key, "-out", pair.certificate),
    )
    return pair


def expired(pair: Pair) -> Pair:
    """The same key with a certificate of yesterday."""
    asked, old = pair.key.with_suffix(".csr"), pair.key.with_suffix(".old")
    _openssl("req", "-new", "-key", pair.key, "-subj", "/CN=localhost", "-out", asked)
    _openssl("x509", "-req", "-in", asked, "-signkey", pair.key, "-days", "-1", "-out", old)
    return attrs.evolve(pair, certificate=old)


def locked(pair: Pair, password: str) -> Pair:
    """The same with a key that has a password."""
    key = pair.key.with_suffix(".locked")
    _openssl("ec", "-in", pair.key, "-aes256", "-passout", f"pass:{password}", "-out", key)
    return attrs.evolve(pair, key=key)


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
