"""Errors of subscriptions that are exceptions of EPCIS 2.0."""

from linkxg.errors import InvalidRequest


class SubscriptionControlsException(InvalidRequest):
    epcis_exception = "SubscriptionControlsException"
    text = "The subscription is not valid."
