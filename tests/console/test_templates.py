"""Rules for every template of the console that shows or takes text."""

from __future__ import annotations

import re

from linkxg.console.pages import templates

_FIELD = re.compile(r"<(?:input|textarea)\b[^>]*>")
_FORM = re.compile(r"<form\b[^>]*\bmethod=\"post\"[^>]*>")
_WHOLE_FORM = re.compile(r"<form\b[^>]*\bmethod=\"post\".*?</form>", re.DOTALL)
_TYPED = re.compile(r"<textarea\b|<input\b(?![^>]*\btype=\"(?:hidden|checkbox|radio)\")")
_TEXTAREA = re.compile(r"<textarea\b(?:[^>{]|\{\{.*?\}\}|\{%.*?%\})*>(?P<first>.)", re.DOTALL)


def sources() -> dict[str, str]:
    found = templates()
    assert found.loader is not None
    names = found.loader.list_templates()
    assert len(names) > 30
    return {name: found.loader.get_source(found, name)[0] for name in names}


def test_no_field_truncates_its_input() -> None:
    """A browser cuts at `maxlength` without a word: CHINA became CH, Switzerland. The server checks and says so."""
    cutting = [(name, field) for name, source in sources().items() for field in _FIELD.findall(source)
               if "maxlength" in field]  # fmt: skip
    assert cutting == []


def test_no_textarea_loses_its_first_newline() -> None:
    """HTML drops one line end after the tag of a textarea (HTML Living Standard, 13.2.6.4.7)."""
    found = [(name, area["first"]) for name, source in sources().items() for area in _TEXTAREA.finditer(source)]
    assert found
    assert [name for name, first in found if first != "\n"] == []


def test_every_form_has_an_action() -> None:
    """A page may be the answer of sign-in: its forms must not be posted to the address that the browser shows."""
    forms = [(name, form) for name, source in sources().items() for form in _FORM.findall(source)]
    assert len(forms) > 30
    # The address of an invitation holds its secret, which no page may repeat; its form is at no other address.
    assert [name for name, form in forms if " action=" not in form] == [
        "email_change.html",
        "email_change.html",
        "invitation.html",
        "new_password.html",
        "partner_invitation.html",
        "partner_invitation.html",
        "sign_up_account.html",
    ]  # fmt: skip


def test_every_form_with_typed_input_asks_before_it_is_lost() -> None:
    """Except for forms with a password or a code: it is never kept, and browsers fill them in."""
    forms = [(name, form) for name, source in sources().items() for form in _WHOLE_FORM.findall(source)
             if _TYPED.search(form) and 'type="password"' not in form and 'name="code"' not in form]  # fmt: skip
    assert len(forms) >= 7
    guarded = re.compile(r"<form\b[^>]*(?:m\.guard\(|data-guard=)")
    assert [name for name, form in forms if not guarded.match(form)] == []
