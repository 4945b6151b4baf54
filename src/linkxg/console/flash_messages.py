"""The success message at the top of the page that follows an action.

The address of that page names a message of `MESSAGES`, or carries a text that is signed for this session: a reload
shows the same message, and a link made by somebody else shows none.
"""

from typing import NamedTuple

from linkxg.console.guard import PageRequest
from linkxg.crypto.secrets import constant_time_equal, derive

_SAVED = frozenset({"saved", "profile", "narrowed", "role", "password", "extended"})
MESSAGES = {
    "saved": "Saved.",
    "disabled": "The client is disabled. Its live tokens are revoked.",
    "enabled": "The client is enabled. It can request tokens again.",
    "deleted": "The client is deleted. Its secrets and live tokens are revoked.",
    "finished": "The old secret is removed. Only the new one works now.",
    "secret-revoked": "The secret is revoked. To use one again, rotate.",
    "extended": "The end of the old secret is changed.",
    "narrowed": "The unused scopes are removed. The client keeps the others.",
    "key-added": "The key is added. The client can authenticate by it.",
    "key-unread": (
        "The JWKS URI is added, and was not read yet: the client can authenticate by it as soon as it answers."
    ),
    "key-removed": "The key is removed. The client's live tokens are revoked.",
    "trust-added": "The workload is trusted. Its tokens stand for the client.",
    "trust-unread": (
        "The workload is trusted, and its issuer was not read yet: its tokens work as soon as the issuer answers."
    ),
    "trust-removed": "The workload is trusted no more. The client's live tokens are revoked.",
    "role": "The role is changed. The person's sessions and tokens were ended, so they have to sign in again.",
    "sign-up-requested": "A mail is on its way to the address that you entered.",
    "account-created": "Your account is created, and you are signed in.",
    "joined": "Your account is created, and you are connected. Nothing is shared yet: each side decides what to share.",
    "person-disabled": "The person is disabled. Their sessions and tokens were ended.",
    "person-enabled": "The person is enabled and can sign in.",
    "person-removed": "The person is removed. What they created is kept.",
    "scim-revoked": "The SCIM token is revoked. No request with it is served any more.",
    "sessions-ended": "The person's sessions and tokens were ended.",
    "withdrawn": "The invitation is withdrawn. Its link no longer works.",
    "session-ended": "The session was ended.",
    "reset-requested": "If this address has an account, a link is on its way. It works for 30 minutes, once.",
    "password-reset": "Your password is changed. Sign in with it.",
    "profile": "Saved.",
    "email-asked": "A link was mailed to the new address, and one to the present address. Open both within 24 hours.",
    "email-cancelled": "The change of the e-mail address is cancelled.",
    "email-approved": "The change is confirmed in place of the present address, which was told.",
    "password": "The password is changed. Your other sessions were ended.",
    "app-added": "The authenticator app is set up. Your other sessions were ended; your recovery codes stay valid.",
    "sso-linked": "Your company sign-in is connected. From now on it signs you in, too.",
    "factor-removed": "The second factor is removed. Your other sessions were ended.",
    "factors-reset": "The person's second factors and recovery codes are removed, and their sessions were ended.",
    "import-cancelled": "The import is being cancelled. Rows already written are kept.",
    "import-again": "The import continues.",
    "file-again": "You are signed in again. Choose the file again; your other choices are kept.",
    "other-person": "Your unsaved input was discarded because somebody else had entered it.",
    "sent-already": "Your input was already submitted when you last signed in, so it was not submitted again.",
    "signed-out": "You are signed out.",
    "published": "The version is published. It can no longer be changed.",
    "product-deleted": "The product is deleted. Its SKU and GTIN are free again.",
    "product-archived": "The product is archived. Its versions stay readable; its GTIN is free again.",
    "product-unarchived": "The product is unarchived. It can be changed again.",
    "draft-discarded": "The draft is discarded. The published version is as it was.",
    "draft-begun": "A draft was created with the content of that version.",
    "version-withdrawn": "The version is withdrawn. It stays readable, with the reason.",
}


class Notice(NamedTuple):
    """`title` begins the title of the page."""

    title: str
    text: str


def notice_of(page: PageRequest) -> Notice | None:
    """The message that the address of this page asks for."""
    if page.form.pairs:
        return None
    done, text = page.query.text("done"), page.query.text("message")
    if text and page.session and constant_time_equal(page.query.text("mac").encode(), _mac(page, text).encode()):
        return Notice("Saved" if text.startswith("Saved") else "Done", text)
    return Notice("Saved" if done in _SAVED else "Done", MESSAGES[done]) if done in MESSAGES else None


def flash_message(page: PageRequest, text: str) -> dict[str, str]:
    """The query of a page that shows `text`: `redirect(page, path, **flash_message(page, "Saved."))`."""
    return {"message": text, "mac": _mac(page, text)}


def _mac(page: PageRequest, text: str) -> str:
    # The form token is known to this session alone.
    return derive(page.csrf.encode(), "notice", text).hex()[:32]
