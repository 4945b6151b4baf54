"""Caches the encoded passports that readers without a token get, each as long as nothing in it has changed.

One statement without the content finds out: versions never change, so their number is enough.
"""

import hashlib
from typing import Any, NamedTuple

from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.ids import is_uuid
from linkxg.network.passports.documents.media_types import HTML
from linkxg.network.passports.read import store
from linkxg.network.passports.read.read_passport import read_passport
from linkxg.network.passports.read.representation import Representations
from linkxg.runtime.sized_cache import SizedCache

MAX_BYTES = 32 * 1024 * 1024
"""All cached bodies together."""


class EncodedPassport(NamedTuple):
    body: bytes
    etag: str


def encoded(body: bytes, media_type: str) -> EncodedPassport:
    """The body with the entity tag of this representation."""
    return EncodedPassport(body, f'"{hashlib.sha256(media_type.encode() + body).hexdigest()[:32]}"')


class PublicPassports:
    """The newest versions of passports, as everybody reads them."""

    def __init__(self, database: Database, representations: Representations) -> None:
        self._database, self._representations = database, representations
        self._kept: SizedCache[tuple[Any, EncodedPassport]] = SizedCache(MAX_BYTES)

    async def read(self, passport_id: str, media_type: str, language: str) -> EncodedPassport:
        """Raises NotFound."""
        if not is_uuid(passport_id):
            raise NotFound
        # Before the passport itself: a cached body may be newer than its state, never older.
        state = await self._database.read_single(store.find_without_content, passport_id)
        key = passport_id, media_type, language
        kept = self._kept.get(key)
        if kept is not None and kept[0] == state:
            return kept[1]
        redacted = await read_passport(self._database, passport_id, None)
        found = encoded(await self._representations.encode(redacted, media_type, language), media_type)
        # Events change a journey, and no version.
        if media_type != HTML or not redacted.shows_journey:
            self._kept.put(key, (state, found), len(found.body))
        return found
