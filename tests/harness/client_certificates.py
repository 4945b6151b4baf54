"""Client certificates, as a proxy that terminates mutual TLS reports them."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.dpop import b64

HEADER = "Client-Cert"


class ClientCertificate:
    """A self-signed certificate, valid for a day unless `days` puts its end elsewhere."""

    def __init__(self, name: str = "erp.example.com", *, days: float = 1, starts_in_days: float = -2) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=starts_in_days))
            .not_valid_after(now + timedelta(days=days))
            .sign(key, hashes.SHA256())
        )
        self.der = certificate.public_bytes(serialization.Encoding.DER)
        self.pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        self.public_pem = key.public_key().public_bytes(encoding, form).decode()
        self.key_pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    def files(self, directory: Path) -> tuple[str, str]:
        """(certificate, key), for a TLS client."""
        paths = directory / f"{self.thumbprint}.pem", directory / f"{self.thumbprint}.key"
        for path, text in zip(paths, (self.pem, self.key_pem), strict=True):
            path.write_text(text)
        return str(paths[0]), str(paths[1])

    @property
    def thumbprint(self) -> str:
        return b64(hashlib.sha256(self.der).digest())

    @property
    def rfc_9440(self) -> list[tuple[str, str]]:
        """The header field of RFC 9440."""
        return [(HEADER, f":{base64.b64encode(self.der).decode()}:")]

    @property
    def escaped(self) -> list[tuple[str, str]]:
        """The same with the `$ssl_client_escaped_cert` of nginx."""
        return [(HEADER, quote(self.pem, safe=""))]
