"""The bodies of requests that sign in, step up, and change factors."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from linkxg.http.route_declaration import described
from linkxg.identity.accounts.model import MAX_EMAIL
from linkxg.identity.passkeys.model import AssertionCredential

Code = Annotated[str, described(maxLength=40)]
Method = Literal["totp", "recovery_code", "passkey"]


class Login(msgspec.Struct, forbid_unknown_fields=True):
    email: Annotated[str, described(maxLength=MAX_EMAIL)]
    password: str


class CompleteSignIn(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """With a `code`, or with the `credential` of a passkey."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"mfaToken": "lxgmfa_...", "method": "totp", "code": "492039"}

    mfa_token: str
    method: Method
    code: Code | None = None
    credential: AssertionCredential | None = None


class FirstStep(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    EXAMPLE: ClassVar[dict[str, Any]] = {"mfaToken": "lxgmfa_..."}

    mfa_token: str


class ConfirmEnrollment(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    EXAMPLE: ClassVar[dict[str, Any]] = {"mfaToken": "lxgmfa_...", "code": "492039"}

    mfa_token: str
    code: Code


class ConfirmTotp(msgspec.Struct, forbid_unknown_fields=True):
    EXAMPLE: ClassVar[dict[str, Any]] = {"code": "492039"}

    code: Code


class StepUp(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The password first; if the answer is `mfa_required`, then without it `mfaToken`, `method` and `code` (for the
    method `passkey`, `credential`). Or only the `credential` of a passkey, for options of `POST /auth/passkey/options`.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"mfaToken": "lxgmfa_...", "method": "totp", "code": "492039"}

    password: str | None = None
    mfa_token: str | None = None
    method: Method | None = None
    code: Code | None = None
    credential: AssertionCredential | None = None
