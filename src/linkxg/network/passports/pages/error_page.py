"""Renders what went wrong for whoever scanned a data carrier or opened a link: what it means, and what to do."""

from linkxg.errors import PublicError
from linkxg.network.passports.pages.render_page import render_page
from linkxg.network.passports.pages.texts import TEXTS

_KINDS = {400: "wrong", 404: "absent", 429: "busy"}


def error_page(error: PublicError, language: str, request_id: str, *, is_access: bool) -> str:
    """With `is_access` the address was the link of a grant: all it may say is that it opens nothing."""
    kind = "ended" if is_access and error.status == 404 else _KINDS.get(error.status, "failed")
    t = TEXTS[language]
    return render_page(
        "error.html",
        language,
        title=t[f"{kind}Title"],
        text=t[kind],
        # The descriptions of the catalogue are in English; only that of a wrong link adds anything.
        detail=error.description if kind == "wrong" else "",
        request_id=request_id,
    )
