"""Splits the query of an address into parameters with lists of values."""

from typing import NamedTuple

from linkxg.http.forms import form_decode

MAX_PAIRS = 300


class Parameters(NamedTuple):
    """The parameters of a query, and those of its pages; `repeated` is one of the latter that is repeated."""

    query: dict[str, list[str]]
    per_page: str | None
    page_token: str | None
    repeated: str | None = None


def split_query(query: bytes) -> Parameters:
    """A parameter that is repeated has the values of all. Raises InvalidRequest for what is no form."""
    found: dict[str, list[str]] = {}
    for pair in query.split(b"&", MAX_PAIRS) if query else ():
        if pair:
            name, _, value = pair.partition(b"=")
            found.setdefault(form_decode(name), []).extend(form_decode(value).split("|"))
    pages = [found.pop(name, []) for name in ("perPage", "nextPageToken")]
    repeated = next(
        (name for name, values in zip(("perPage", "nextPageToken"), pages, strict=True) if len(values) > 1), None
    )
    per_page, token = (values[0] if values else None for values in pages)
    return Parameters(found, per_page, token, repeated)
