"""Errors of queries that are exceptions of EPCIS 2.0; their codes are those of the errors that they refine."""

from linkxg.errors import InvalidRequest, NotFound, PayloadTooLarge, TransferCodingNotImplemented


class QueryParameterException(InvalidRequest):
    epcis_exception = "QueryParameterException"
    text = "A parameter of the query is unknown or invalid."


class NoSuchNameException(NotFound):
    epcis_exception = "NoSuchNameException"
    text = "There is no query with this name."


class QueryTooLargeException(PayloadTooLarge):
    epcis_exception = "QueryTooLargeException"
    text = "The query has more events than it allows."


class QueryTooComplexException(PayloadTooLarge):
    epcis_exception = "QueryTooComplexException"
    text = "The query takes too long. Add a condition, such as a range of eventTime."


class ImplementationException(TransferCodingNotImplemented):
    epcis_exception = "ImplementationException"
    text = "This part of the standard is not supported."
