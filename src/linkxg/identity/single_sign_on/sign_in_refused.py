"""A sign-in by the identity provider that did not succeed."""

from linkxg.identity.federation.provider_fault import ProviderFault


class SignInRefused(Exception):
    """`message` is for the person who signs in; it repeats nothing that a browser or provider sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @classmethod
    def by_provider(cls, fault: ProviderFault) -> "SignInRefused":
        """For a provider that does not work as it should."""
        return cls(f"The identity provider of your company did not work as expected. {fault.message}")
