"""Shows the secret of an authenticator app that waits for its first code."""

from linkxg.clock import rfc3339
from linkxg.crypto.totp import base32, otpauth_uri
from linkxg.identity.factors.model import NewTotp
from linkxg.identity.factors.qr import qr_svg
from linkxg.identity.factors.totp import PendingTotp

ISSUER = "LinkXG"


def show_totp(pending: PendingTotp, email: str) -> NewTotp:
    uri = otpauth_uri(pending.secret, ISSUER, email)
    return NewTotp(base32(pending.secret), uri, qr_svg(uri), rfc3339(pending.expires_at))
