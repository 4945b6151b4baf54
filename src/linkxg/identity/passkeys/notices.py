"""Tells a person by mail of a new passkey: a stolen session suffices to add one."""

from linkxg.audit.model import Actor
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.passkeys.model import Passkey


def passkey_added(notices: SecurityNotices, actor: Actor, passkey: Passkey) -> None:
    what = f"The passkey “{passkey.name}” was added to your account. Whoever holds it can sign in as you."
    advice = "If this was not you, remove it, change your password and tell an Owner of your organisation.\n"
    notices.person(actor, passkey.account_id, passkey.user_id, "Passkey added", what, advice=advice)
