"""A printable page of labels, each with a QR code and its human-readable interpretation (GS1 GenSpecs)."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from linkxg.network.passports.carriers.qr_code import ErrorLevel, inline_svg
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.model import PassportRecord

_STYLE = (
    "@page{size:A4;margin:10mm}body{margin:0;font:8pt sans-serif}"
    "ul{display:flex;flex-wrap:wrap;gap:4mm;margin:0;padding:0;list-style:none}"
    "li{width:42mm;break-inside:avoid;text-align:center}svg{width:30mm;height:30mm}"
    "p{margin:0;overflow-wrap:anywhere}"
)
_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'"
"""The page has one style and nothing else."""


class PassportLabel(NamedTuple):
    passport: PassportRecord
    slug: str


def label_items(labels: Sequence[PassportLabel], addresses: Addresses, level: ErrorLevel) -> str:
    """The items of a list in HTML."""
    return "".join(f"<li>{_label(one, addresses, level)}</li>" for one in labels)


def label_sheet(title: str, items: str) -> str:
    """A page with nothing but the labels."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><ul>{items}</ul></body></html>"
    )


def _label(label: PassportLabel, addresses: Addresses, level: ErrorLevel) -> str:
    passport = label.passport
    text = " ".join(f"({ai}) {value}" for ai, value in passport.elements)
    return f"{inline_svg(addresses.carrier(label.slug, passport), level)}<p>{escape(text)}</p>"
