"""Renders a template in a language.

A page has one style, which its policy names, and the QR code of this service; no script, nothing of anybody else.
"""

import hashlib
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from linkxg.network.passports.pages.texts import TEXTS

_FOLDER = Path(__file__).parent
_STYLE = (_FOLDER / "style.css").read_text(encoding="utf-8").strip()
_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def render_page(name: str, language: str, **values: Any) -> str:
    """The page of the template `name`, with `t`, the texts of the language."""
    style = Markup(_STYLE)  # noqa: S704  a file of this package
    return _template(name).render(language=language, t=TEXTS[language], style=style, **values)


@cache
def _template(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(_FOLDER / "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
