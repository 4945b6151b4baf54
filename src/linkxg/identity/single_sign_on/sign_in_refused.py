"""A sign-in by the identity provider that did not succeed."""

from linkxg.identity.single_sign_on.refusals import Refusal


class SignInRefused(Exception):
    """`carried` is the form that was to go on after the sign-in."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.message = refusal.message
        self.carried = ""
