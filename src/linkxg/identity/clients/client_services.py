"""What the routes of OAuth clients need, and what they declare alike."""

from dataclasses import dataclass, field
from typing import Any

from linkxg.db import Database
from linkxg.http.body_style import BodyStyle
from linkxg.http.pagination import Cursors
from linkxg.http.permissions import RecentAuthentication, roles
from linkxg.http.rate_limits import Budget
from linkxg.http.route_declaration import Tag
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.accounts.security_notices import SecurityNotices

_TAG = Tag("OAuth clients", "An account's clients, their secrets and certificates. For Owners and Admins.")
CREDENTIAL_CHANGES = Budget("client-credentials", 120, 3_600)
CLIENTS: dict[str, Any] = {"tags": [_TAG], "style": BodyStyle.OAUTH}
ADMINISTRATION = CLIENTS | roles(ADMINISTRATORS)
CHANGES = CLIENTS | roles(ADMINISTRATORS, recent=RecentAuthentication.IF_REQUIRED)
ADDS_CREDENTIAL = CLIENTS | roles(ADMINISTRATORS, CREDENTIAL_CHANGES, recent=RecentAuthentication.IF_REQUIRED)


@dataclass(frozen=True, slots=True)
class ClientServices:
    database: Database
    server_key: bytes = field(repr=False)
    cursors: Cursors
    notices: SecurityNotices
