"""The representations of a passport, by media type."""

import msgspec

from linkxg.http.pagination import Success
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.json_envelope import view_passport
from linkxg.network.passports.documents.media_types import HTML, JSON, JWT
from linkxg.network.passports.documents.model import Redacted
from linkxg.network.passports.documents.untp_json_ld import untp_json_ld
from linkxg.network.passports.pages.passport_page import passport_page
from linkxg.network.passports.pages.render_page import POLICY
from linkxg.network.passports.pages.vocabulary_texts import LANGUAGES
from linkxg.network.passports.read.read_page_details import PageDetailsReader
from linkxg.network.passports.signing.sign_passport import PassportSigner

_encode = msgspec.json.Encoder().encode


def headers_of(media_type: str, language: str) -> dict[str, str]:
    """The header fields of a representation besides its type; `content-type` has the charset of a page."""
    if media_type != HTML:
        return {"content-type": media_type}
    return {
        "content-type": f"{HTML}; charset=utf-8",
        "content-language": language,
        "content-security-policy": POLICY,
        "referrer-policy": "no-referrer",
    }


class Representations:
    """Encodes a passport after its redaction."""

    def __init__(self, addresses: Addresses, signer: PassportSigner, details: PageDetailsReader) -> None:
        self._addresses, self._signer, self._details = addresses, signer, details

    async def encode(
        self, redacted: Redacted, media_type: str, language: str = LANGUAGES[0], trace_reader_id: str | None = None
    ) -> bytes:
        """The body of this media type, one of TYPES; a page in one of LANGUAGES.

        `trace_reader_id` is the account of a reader who may read traces: a page shows what partners share with it.
        """
        if media_type == JSON:
            return _encode(Success(data=view_passport(redacted, self._addresses)))
        if media_type == HTML:
            details = await self._details.read(redacted, trace_reader_id)
            return passport_page(redacted, self._addresses, language, details).encode()
        if media_type == JWT:
            return (await self._signer.sign(redacted)).encode()
        entry = await self._signer.find_or_insert_entry(redacted)
        return _encode(untp_json_ld(redacted, self._addresses, entry))
