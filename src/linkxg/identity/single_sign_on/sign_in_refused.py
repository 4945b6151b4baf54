"""A sign-in by the identity provider that did not succeed."""

from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.identity.single_sign_on.refusals import Refusal, by_provider


class SignInRefused(Exception):
    """`carried` is the form that was to go on after the sign-in."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.message = refusal.message
        self.carried = ""

    @classmethod
    def by_provider(cls, fault: ProviderFault) -> "SignInRefused":
        return cls(by_provider(fault))
