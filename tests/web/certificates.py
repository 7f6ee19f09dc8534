"""Certificates to throw away."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
_PLACES = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
_DAY = timedelta(days=1)


@attrs.frozen(kw_only=True)
class Pair:
    """A certificate that nobody but itself vouches for, and its key."""

    certificate: Path
    key: Path


def made(folder: Path, name: str = "localhost", *, curve: ec.EllipticCurve | None = None) -> Pair:
    """A pair for this machine, good for a day; by default on a curve that every client takes."""
    pair = Pair(certificate=folder / f"{name}.crt", key=folder / f"{name}.key")
    key = ec.generate_private_key(curve or ec.SECP256R1())
    _write(pair.key, key, serialization.NoEncryption())
    pair.certificate.write_bytes(_signed(key, begins=datetime.now(UTC) - timedelta(minutes=1)))
    return pair


def expired(pair: Pair) -> Pair:
    """The same key with a certificate that was good until yesterday."""
    old = pair.key.with_suffix(".old")
    old.write_bytes(_signed(_read(pair.key), begins=datetime.now(UTC) - 2 * _DAY))
    return attrs.evolve(pair, certificate=old)


def locked(pair: Pair, password: str) -> Pair:
    """The same with a key that has a password."""
    key = pair.key.with_suffix(".locked")
    _write(key, _read(pair.key), serialization.BestAvailableEncryption(password.encode()))
    return attrs.evolve(pair, key=key)


def _signed(key: ec.EllipticCurvePrivateKey, *, begins: datetime) -> bytes:
    """A certificate of a key, by that key, good for a day."""
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_NAME)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + _DAY)
        .add_extension(_PLACES, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write(path: Path, key: ec.EllipticCurvePrivateKey, encryption: serialization.KeySerializationEncryption) -> None:
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))


def _read(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
