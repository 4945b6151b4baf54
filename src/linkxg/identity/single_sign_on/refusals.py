"""Why a sign-in by the identity provider was refused: what happened, and who can do what about it.

The texts are for the person who signs in; nothing that a browser or provider sent is repeated.
"""

from typing import NamedTuple

from linkxg.identity.federation.provider_fault import ProviderFault


class Refusal(NamedTuple):
    """`next_step` says who can mend it and how, and leads back to the sign-in."""

    happened: str
    next_step: str

    @property
    def message(self) -> str:
        return f"{self.happened} {self.next_step}"


_TEST_IT = (
    "Sign in again. If that fails too, tell an Owner of your account: “Test the connection” under Account, "
    "Single sign-on, says what to correct."
)
_OWNER_ASKS_PROVIDER = (
    "Tell an Owner of your account: the client id and the redirect URI under Account, Single sign-on, have to be those "
    "at the provider. Then sign in again."
)

NOT_IN_PROGRESS = Refusal(
    "This sign-in was not begun in this browser, was completed already, or is older than ten minutes.",
    "Sign in again, in one window and without the Back button.",
)
CHANGED = Refusal("The connection to the identity provider was changed meanwhile.", "Sign in again.")
ANOTHER_PROVIDER = Refusal(
    "The answer came from another identity provider than the one that you were sent to.",
    "Sign in again. If it happens again, tell an Owner of your account: somebody may be interfering.",
)
SECRET_LOST = Refusal(
    "The client secret of your company's identity provider can no longer be read here.",
    "An Owner of your account has to enter it again under Account, Single sign-on. Then sign in again.",
)
SIGNED_OUT = Refusal("The identity provider of your company has signed you out.", "Sign in again.")

NO_ROLE = Refusal(
    "Your company has given you no role here.",
    "Ask an Owner of your account which group of the identity provider has one (Account, Single sign-on). As soon as "
    "you are in it, sign in again.",
)
NOT_VERIFIED = Refusal(
    "The identity provider of your company has not confirmed your e-mail address.",
    "Confirm it there, or ask whoever administers the provider to do so. Then sign in again.",
)
NO_EMAIL = Refusal(
    "The identity provider of your company did not send your e-mail address.",
    "Ask whoever administers the provider to enter one for you and to allow LinkXG the scope “email”. Then sign in "
    "again.",
)
FOREIGN_DOMAIN = Refusal(
    "The domain of your e-mail address is not one that your company has verified here.",
    "Ask an Owner of your account to add it under Account, Single sign-on. Then sign in again.",
)
ELSEWHERE = Refusal(
    "Your e-mail address is in use in another account.",
    "An Owner of that account has to remove it there first. Then sign in again.",
)
FULL = Refusal(
    "Your company's account has reached its limit of people.",
    "Ask an Owner or Admin of your account to remove somebody under Account, Members. Then sign in again.",
)
DISABLED = Refusal(
    "Your access to this account has been disabled.",
    "Ask an Owner or Admin to enable you under Account, Members, or whoever administers your identity provider. Then "
    "sign in again.",
)
ANOTHER_SUBJECT = Refusal(
    "This e-mail address already belongs to another identity at your provider.",
    "Ask an Owner of your account to remove the person first, under Account, Members. Then sign in again.",
)
ANOTHER_PERSON = Refusal(
    "This identity at your provider already signs in another person.",
    "Sign out there, and sign in again as yourself. If it is yours, ask an Owner of your account to remove the other "
    "person under Account, Members.",
)
SIGN_IN_FIRST = Refusal(
    "Your own sign-in here protects more than an e-mail address can prove.",
    "Sign in with your password or passkey once, and choose “Connect your company sign-in” under Account, Sign-in "
    "security. If you have no password, ask an Owner for a password link.",
)
BECOME_AN_EXCEPTION = Refusal(
    "Your own sign-in here protects more than an e-mail address can prove, and your company does not permit it now.",
    "Ask an Owner who keeps a password to let you keep yours too (Account, Single sign-on). Then sign in with it, and "
    "choose “Connect your company sign-in” under Account, Sign-in security.",
)
RESET_FACTORS = Refusal(
    "You have a second factor or passkey here, and your company does not let you sign in with it now.",
    "Ask an Owner who keeps a password to reset your second factors (Account, Members). Then sign in with your company "
    "again.",
)

REFUSED_THERE = Refusal("The identity provider of your company refused the sign-in.", _TEST_IT)
_NOT_SIGNED_IN = Refusal(
    "The identity provider of your company could not sign you in.",
    "Sign in there first, for example to your mail, then sign in here again.",
)
_NOT_ACCEPTED = Refusal(
    "The identity provider of your company does not accept the request of LinkXG.", _OWNER_ASKS_PROVIDER
)
BY_ERROR = {
    "access_denied": Refusal(
        "You, or the identity provider of your company, did not allow the sign-in.",
        "Sign in again and allow it. If you were not asked, whoever administers the provider has to assign LinkXG to "
        "you.",
    ),
    "login_required": _NOT_SIGNED_IN,
    "interaction_required": _NOT_SIGNED_IN,
    "consent_required": Refusal(
        "The identity provider of your company needs a consent that was not given.",
        "Sign in again and give it, or ask whoever administers the provider to give it for everybody.",
    ),
    "temporarily_unavailable": Refusal(
        "The identity provider of your company is not available now.", "Sign in again in a few minutes."
    ),
    "server_error": Refusal("The identity provider of your company had a fault.", _TEST_IT),
    "unauthorized_client": Refusal(
        "The identity provider of your company does not accept LinkXG.", _OWNER_ASKS_PROVIDER
    ),
    "invalid_scope": _NOT_ACCEPTED,
    "invalid_request": _NOT_ACCEPTED,
}
"""By the error code of OAuth 2.0 (RFC 6749, section 4.1.2.1) or OpenID Connect Core 1.0, section 3.1.2.6."""


def provider_failed(fault: ProviderFault) -> Refusal:
    """For a provider that does not work as it should."""
    return Refusal(f"The identity provider of your company did not work as expected. {fault.message}", _TEST_IT)
