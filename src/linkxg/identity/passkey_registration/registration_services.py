"""What the endpoints of one's own passkeys need."""

from dataclasses import dataclass

from linkxg.db import Database
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.passkeys.relying_party import RelyingParty
from linkxg.identity.sessions.sign_in_endpoint import ApiSessions


@dataclass(frozen=True, slots=True)
class RegistrationServices:
    database: Database
    party: RelyingParty
    notices: SecurityNotices
    sessions: ApiSessions
    limit_scale: float
