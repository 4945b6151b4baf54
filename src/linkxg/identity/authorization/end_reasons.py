"""Why a session ended: every reason that a row of `sessions` may hold, and what its person is told."""

from typing import Literal

EndReason = Literal[
    "logout",
    "ended by its person",
    "by administrator",
    "password changed",
    "password reset",
    "factor added",
    "factor removed",
    "factors reset",
    "role changed",
    "access ended",
    "address changed",
    "evicted",
    "single sign-on only",
    "by identity provider",
    "provider changed",
    "reuse",
    "found in public",
    "restored",
]
END_REASON_TEXTS: dict[EndReason, str] = {
    "logout": "",
    "ended by its person": "because you ended this session from another one",
    "by administrator": "because an Owner or Admin of your account ended your sessions",
    "password changed": "because your password was changed in another session",
    "password reset": "because your password was changed by a link",
    "factor added": "because you added a second factor in another session",
    "factor removed": "because you removed a second factor in another session",
    "factors reset": "because an Owner of your account reset your second factor",
    "role changed": "because your role was changed",
    "access ended": "because your access to this account was ended",
    "address changed": "because your company changed the e-mail address that you sign in with",
    "evicted": "because you have signed in so often that this session, the oldest, was ended",
    "single sign-on only": "because your account now requires you to sign in with your company",
    "by identity provider": "by the identity provider of your company",
    "provider changed": "because your account has changed or disconnected its identity provider",
    "reuse": "because a token of this session was used twice",
    "found in public": "because a refresh token of this session was found in public",
    "restored": "because the service was restored from a backup",
}
"""Completes "You were signed out"; empty if the person signed out themselves."""
# What is said of a session whose row holds no reason.
ENDED = "because this session was ended"
PERSON_CHANGED = "because your role, your access or your password was changed"
SECOND_FACTOR_REQUIRED = "because your account requires a second factor now"
EXPIRED = "12 hours after you signed in"
IDLE = "after 30 minutes without use"
