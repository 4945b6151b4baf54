"""What is wrong with an identity provider, in words for the account's Owners."""


class ProviderFault(Exception):
    """`message` is a fixed text in ASCII: nothing that the provider sent is repeated."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnreachableFault(ProviderFault):
    """It gave no answer, or says that it cannot answer now: time may mend that."""


class SignatureFault(ProviderFault):
    """The signature of a token is not valid."""


class UnknownKeyFault(ProviderFault):
    """The key of a token is not in the key set."""
