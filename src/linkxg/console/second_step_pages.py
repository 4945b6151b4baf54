"""The pages of the second step of a sign-in: a code or a passkey, or the set-up of a factor that is required."""

from typing import NamedTuple

from litestar import Response

from linkxg.console.browser_binding import bind_form
from linkxg.console.form_errors import FormErrors, of_details, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import render
from linkxg.console.passkey_field import CREDENTIAL, write_options
from linkxg.console.sign_in_errors import headers_of, message_of
from linkxg.errors import MfaEnrollmentRequired, MfaRequired, PublicError, RateLimitExceeded, ValidationFailed
from linkxg.identity.factors.enroll import begin_enrollment
from linkxg.identity.factors.model import PASSKEY, RECOVERY_CODE, TOTP
from linkxg.identity.factors.passkey_proof import begin_passkey_step
from linkxg.identity.factors.show_totp import show_totp
from linkxg.identity.passkey_registration.enroll_passkey import begin_passkey_enrollment


class SecondStep(NamedTuple):
    """What the second step keeps of the first: the challenge, who it is, and what follows; in hidden fields."""

    token: str
    methods: list[str]
    email: str
    target: str
    carried: str
    by_recovery: bool = False

    @property
    def takes_code(self) -> bool:
        """Whether the person has an app or recovery codes; otherwise a passkey alone completes the sign-in."""
        return TOTP in self.methods or RECOVERY_CODE in self.methods


async def second_step_page(
    page: PageRequest, needed: MfaRequired, *, target: str, email: str, carried: str = ""
) -> Response[str]:
    """What follows a correct password: a code, or the set-up of a second factor that the account requires."""
    page.context.notes["error"] = needed.code
    step = SecondStep(needed.mfa_token, needed.methods, email, target, carried, TOTP not in needed.methods)
    if isinstance(needed, MfaEnrollmentRequired):
        return await enrollment_page(page, step)
    return await code_page(page, step)


async def code_page(page: PageRequest, step: SecondStep, *, error: PublicError | None = None) -> Response[str]:
    """The form for a code of the second factor, or a passkey. Raises InvalidToken if the sign-in has ended."""
    party, options = page.services.relying_party, ""
    if PASSKEY in step.methods and party.is_supported:
        options = write_options((await begin_passkey_step(page.database, party, step.token)).public_key)
    errors = _code_errors(error) if step.takes_code else whole_form(message_of(error))
    bind_form(page)
    return render(
        page, "mfa.html", status=error.status if error else 200, headers=headers_of(error), step=step,
        errors=errors, options=options,
    )  # fmt: skip


async def enrollment_page(page: PageRequest, step: SecondStep, *, error: PublicError | None = None) -> Response[str]:
    """The forms that set an authenticator app or a passkey up. Raises InvalidToken if the sign-in has ended."""
    begun = await begin_enrollment(page.database, page.services.server_key, step.token, keep=error is not None)
    party, options = page.services.relying_party, ""
    if party.is_supported:
        options = write_options((await begin_passkey_enrollment(page.database, party, step.token)).public_key)
    bind_form(page)
    totp = show_totp(begun.pending, begun.email)
    return render(
        page, "mfa_enrollment.html", status=error.status if error else 200, headers=headers_of(error),
        step=step._replace(by_recovery=False), totp=totp, name=page.form.text("name"),
        options=options,
        errors=_passkey_errors(error) if page.form.has(CREDENTIAL) else _code_errors(error),
    )  # fmt: skip


def wait_page(page: PageRequest, step: SecondStep, error: RateLimitExceeded, *, path: str) -> Response[str]:
    """How long to wait, and a button that leads back to the form: to show the form itself would begin challenges."""
    bind_form(page)
    return render(
        page, "second_step_wait.html", status=error.status, headers=headers_of(error), step=step,
        path=path, errors=whole_form(message_of(error)),
    )  # fmt: skip


def _passkey_errors(error: PublicError | None) -> FormErrors:
    if isinstance(error, ValidationFailed):
        return of_details(error)
    return whole_form(message_of(error))


def _code_errors(error: PublicError | None) -> FormErrors:
    message = message_of(error)
    return FormErrors([("code", message)] if message else [])
