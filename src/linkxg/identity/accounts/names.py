"""Names that people give: to themselves, to their company, to a passkey, to a token."""

from linkxg.runtime.normal_form import has_run_of_marks, normalize

ENCODED_WORD = "=?"
"""How an encoded word begins, which programs for mail would decode (RFC 2047 §2)."""


def is_name(text: str, longest: int) -> bool:
    """Whether it is one line of 1 to `longest` characters: no control, line or bidirectional formatting character."""
    is_one_line = text.isprintable() and not has_run_of_marks(text)
    return bool(text.strip()) and len(text) <= longest and is_one_line and ENCODED_WORD not in text


def canonical_name(text: str, longest: int) -> str | None:
    """The name as it is stored, in NFC and without spaces around it; None if it is no name.

    NFC can be longer than what was sent.
    """
    name = normalize("NFC", text).strip(" ")
    return name if is_name(name, longest) else None


def rule(longest: int) -> str:
    return f"A name must be one line of 1 to {longest} printable characters without '{ENCODED_WORD}'."
