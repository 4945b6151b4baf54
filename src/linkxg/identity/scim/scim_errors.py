"""Errors of SCIM (RFC 7644 §3.12): those of the catalogue with a `scimType`."""

from typing import ClassVar

from linkxg.errors import Conflict, InvalidRequest, TransferCodingNotImplemented


class ScimError(InvalidRequest):
    """400 with a `scimType` (table 9)."""

    scim_type: ClassVar[str] = "invalidSyntax"
    text = "The request body is not a SCIM message."


class InvalidFilter(ScimError):
    scim_type = "invalidFilter"
    text = "The filter is malformed, or its attribute or operator is not supported."


class InvalidPath(ScimError):
    scim_type = "invalidPath"
    text = "The path of a PATCH operation is malformed or names no attribute of a User."


class NoTarget(ScimError):
    scim_type = "noTarget"
    text = "The path of a PATCH operation selects no value."


class InvalidValue(ScimError):
    scim_type = "invalidValue"
    text = "A required value is missing, or a value is not valid for its attribute."


class ReadOnlyAttribute(ScimError):
    scim_type = "mutability"
    text = "The attribute is read-only."


class NotUnique(Conflict):
    """409: the same for a person of this account and of any other."""

    scim_type: ClassVar[str] = "uniqueness"
    text = "This userName is in use."


class OwnerRequired(Conflict):
    """409: the last enabled Owner stays."""

    scim_type: ClassVar[str] = "mutability"
    text = "The last Owner cannot be deactivated."


class NotSupported(TransferCodingNotImplemented):
    """501, for the optional parts of RFC 7644 that are not offered."""

    text = "This service does not support this part of SCIM; see ServiceProviderConfig."
