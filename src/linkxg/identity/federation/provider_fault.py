"""What is wrong with an identity provider, in words for the account's Owners."""


class ProviderFault(Exception):
    """`message` is a fixed text in ASCII: nothing that the provider sent is repeated."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
