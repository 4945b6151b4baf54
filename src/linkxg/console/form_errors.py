"""The errors of a form, by field, in the order in which the page shows them.

One pattern for every form (WCAG 2.2, 3.3.1): the title begins with "Error:", a summary under the heading takes the
focus and links to the fields, and each field carries its own message. See `m.summary`, `m.invalid` and `m.message` in
`templates/macros.html`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from linkxg.console.formatting import count
from linkxg.errors import PublicError, RateLimitExceeded


class ErrorLink(NamedTuple):
    """The page of the record that an error names."""

    href: str
    text: str


class FormError(NamedTuple):
    """`id` is that of the field's element; empty for an error of the whole form."""

    id: str
    message: str
    link: ErrorLink | None = None


class FormErrors:
    """`(field, message)` pairs; the field is the `name` of an input, `""` for the whole form.

    `prefix` comes before the name in the element's id, as in `f-sku`.
    """

    def __init__(self, faults: Iterable[tuple[str, str]] = (), *, prefix: str = "") -> None:
        self._prefix = prefix
        self._found: list[tuple[str, str]] = list(faults)
        self._links: dict[str, ErrorLink] = {}

    def add(self, field: str, message: str, link: ErrorLink | None = None) -> None:
        """A field has one link at most."""
        self._found.append((field, message))
        if link is not None:
            self._links[field] = link

    def message(self, field: str) -> str:
        """The error of this field; empty if it has none."""
        return " ".join(message for name, message in self._found if name == field)

    def link(self, field: str) -> ErrorLink | None:
        """The link of this field's error."""
        return self._links.get(field)

    def id_of(self, field: str) -> str:
        return self._prefix + field

    def __bool__(self) -> bool:
        return bool(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[FormError]:
        return (
            FormError(self.id_of(field) if field else "", message, self.link(field)) for field, message in self._found
        )


def of_details(error: PublicError, fields: Mapping[str, str] | None = None) -> FormErrors:
    """Those that the API says of members. `fields` maps a member to the form's field; without, they are the same.

    A member without a field, and an error without details, are errors of the whole form.
    """
    if not error.details:
        return whole_form(error.description)
    names = {one["field"]: one["field"] for one in error.details} if fields is None else fields
    return FormErrors([(names.get(one["field"], ""), one["message"]) for one in error.details])


def whole_form(message: str | None) -> FormErrors:
    """An error of no particular field; empty for None."""
    return FormErrors([("", message)] if message else [])


def too_many_attempts(retry_after: int | None) -> str:
    """The message of a sign-in or a confirmation that was tried too often."""
    return f"Too many attempts. Wait {count(retry_after or 1, 'second')} and try again."


def retry_headers(error: PublicError) -> dict[str, str]:
    """The header fields that say when to try again; none if the error does not say."""
    return {} if error.retry_after is None else {"Retry-After": str(error.retry_after), **error.headers}


def wait_for_budget(error: RateLimitExceeded) -> FormErrors:
    """A used-up budget, and when to try again."""
    return whole_form(f"{error.description.rstrip()} Wait {count(error.retry_after or 1, 'second')}.")


def of_api_error(description: str, fields: Mapping[str, tuple[str, str]]) -> FormErrors:
    """The API's message, attached to the field that it names.

    `fields` maps the API's name of a member to the form's (field, label), as in `{"client_name": ("name", "name")}`.
    """
    for member, (field, label) in fields.items():
        named = f"The field {member}"
        if named in description:
            return FormErrors([(field, description.replace(named, f"The field “{label}”"))])
    return whole_form(description)
