"""The findings of a validation."""

from typing import Any, ClassVar, Literal

import msgspec

Severity = Literal["error", "warning"]
MAX_FINDINGS = 100


class PassportFinding(msgspec.Struct, frozen=True):
    """What is wrong, in a sentence; `pointer` (RFC 6901) says where."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "severity": "error",
        "code": "mass_fractions",
        "pointer": "/credentialSubject/materialProvenance",
        "message": "The mass fractions add up to 1.2, which is more than 1.",
    }

    severity: Severity
    code: str
    pointer: str
    message: str


class CheckedSignature(msgspec.Struct, frozen=True):
    """Whether the signature was checked, and what that says in a sentence. `valid` is null if it was not."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "checked": True,
        "valid": True,
        "message": "Checked: the issuer has signed exactly this.",
    }

    checked: bool
    valid: bool | None
    message: str


class Validation(msgspec.Struct, rename="camel"):
    """`valid` without errors; warnings are no errors. There are at most 100 findings.

    `signature` is null of a passport that was sent unsigned. A signature that was not checked is no error.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "valid": False,
        "specification": "UNTP DPP 0.7.0",
        "findings": [PassportFinding.EXAMPLE],
        "signature": None,
    }

    valid: bool
    specification: str
    findings: list[PassportFinding]
    signature: CheckedSignature | None = None


def error(code: str, pointer: str, message: str) -> PassportFinding:
    return PassportFinding("error", code, pointer, message)


def warning(code: str, pointer: str, message: str) -> PassportFinding:
    return PassportFinding("warning", code, pointer, message)
