"""The words of the Core Business Vocabulary (CBV 2.0 §7, §8.5), in their three forms.

Events in JSON have the bare word, `shipping`. Linked data writes it as `https://ref.gs1.org/cbv/BizStep-shipping` or
`cbv:BizStep-shipping`, XML as `urn:epcglobal:cbv:bizstep:shipping`. Stored and compared is the bare word. Other
vocabularies have URIs, which are compared byte for byte.
"""

from typing import NamedTuple

_CBV = "https://ref.gs1.org/cbv/"
_VOC = "https://gs1.org/voc/"


class Vocabulary(NamedTuple):
    """`uri` is the beginning of the words' web URIs; `others` are other beginnings of the same words."""

    uri: str
    others: tuple[str, ...]

    def bare(self, text: str) -> str:
        """The bare word, or the text where it is none of this vocabulary."""
        if ":" not in text:
            return text
        for start in (self.uri, *self.others):
            if text.startswith(start) and len(text) > len(start):
                return text[len(start) :]
        return text

    def full(self, text: str) -> str:
        """The web URI of a word, as CBV 2.0 §8.9.1 hashes it."""
        if ":" not in text:
            return self.uri + text
        word = self.bare(text)
        return text if word is text else self.uri + word


def _cbv(name: str, urn: str = "") -> Vocabulary:
    return Vocabulary(_CBV + name, (f"cbv:{name}", *((f"urn:epcglobal:cbv:{urn}:",) if urn else ())))


BIZ_STEP = _cbv("BizStep-", "bizstep")
DISPOSITION = _cbv("Disp-", "disp")
ERROR_REASON = _cbv("ER-", "er")
TRANSACTION_TYPE = _cbv("BTT-", "btt")
PARTY_TYPE = _cbv("SDT-", "sdt")
"""Types of sources and destinations."""
COMPONENT = _cbv("Comp-")
MEASUREMENT = Vocabulary(_VOC, ("gs1:", "https://ref.gs1.org/voc/", "https://www.gs1.org/voc/", "http://gs1.org/voc/"))
"""Measurement types and alert types of the GS1 Web Vocabulary."""
