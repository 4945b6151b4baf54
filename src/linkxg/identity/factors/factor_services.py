"""What the endpoints of sign-ins in two steps and of second factors need."""

from dataclasses import dataclass, field

from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.http.rate_limits import Limits
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.passkeys.relying_party import RelyingParty
from linkxg.identity.sessions.sign_in_endpoint import ApiSessions


@dataclass(frozen=True, slots=True)
class FactorServices:
    database: Database
    passwords: Passwords
    server_key: bytes = field(repr=False)
    sessions: ApiSessions
    limits: Limits
    notices: SecurityNotices
    party: RelyingParty
    limit_scale: float
