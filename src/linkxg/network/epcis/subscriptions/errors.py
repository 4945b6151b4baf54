"""Errors of subscriptions that are exceptions of EPCIS 2.0."""

from linkxg.errors import InvalidRequest
from linkxg.http.schema_errors import fault


class SubscriptionControlsException(InvalidRequest):
    """`field` is the member that is wrong; `message` says what, if the description names the member itself."""

    epcis_exception = "SubscriptionControlsException"
    text = "The subscription is not valid."

    def __init__(self, description: str, field: str, message: str | None = None) -> None:
        super().__init__(description, details=[fault(field, message or description)])
