"""Renders what a link to a passport opens, with the button that opens it."""

from markupsafe import Markup

from linkxg.network.passports.pages.passport_page import POLICY, STYLE, template
from linkxg.network.passports.pages.texts import LANGUAGE_NAMES, TEXTS

ACCESS_POLICY = POLICY.replace("form-action 'none'", "form-action 'self'")


def access_page(purpose: str, until: str, language: str, *, single_use: bool) -> str:
    return template("access.html").render(
        language=language,
        languages=[(code, name, f"?lang={code}") for code, name in LANGUAGE_NAMES.items()],
        t=TEXTS[language],
        style=Markup(STYLE),  # noqa: S704  a file of this package
        purpose=purpose,
        until=until,
        single_use=single_use,
    )
