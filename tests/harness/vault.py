"""The secrets of this test run, and the search for them in a text."""

from __future__ import annotations

import base64
import re
import secrets as random
import string
import sys
import threading
from dataclasses import dataclass

ALPHABET = string.ascii_letters + string.digits
# A secret is looked for by pieces of this size, so that a log which cuts or wraps it is caught as well.
PIECE = 12
# Wherever a piece of 12 bytes occurs in a text, eight of them in a row begin at a multiple of four.
WORD, STEP = 8, 4
# A piece of fewer different characters is nobody's secret: "aaaaaaaaaaaa" is also the name of a product.
DISTINCT = 4
# How much of a secret's end is searched: identifiers and token headers stand at the front and are public.
CORE = 36
# A signed passport is a document for everybody: its header begins with {"alg":"ES256","typ":"vc+jwt".
_PASSPORT = b"eyJhbGciOiJFUzI1NiIsInR5cCI6InZjK2p3dCIs"
SHAPES = re.compile(
    rb"lxg(?:sec|mfa|rst|sup|scm|eml|dpp)_[0-9A-Za-z]{20,}|lxgref_[0-9A-Za-z_-]{20,}|"
    rb"(?!" + _PASSPORT + rb")eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{20,}"
)


def with_a_typo(value: str) -> str:
    """`value` with another last character: never, by chance, the same again."""
    return value[:-1] + ("a" if value[-1] != "a" else "b")


@dataclass(frozen=True)
class Secret:
    """A value that only its owner and the request that carries it may see."""

    kind: str
    value: str

    def __repr__(self) -> str:  # a failing test must not be the leak
        return f"<{self.kind} …{self.value[-4:]}>"


class Vault:
    """Every password, client secret, token and Basic credential that a run has made, right or mistyped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secrets: dict[str, Secret] = {}
        self._pieces: dict[bytes, Secret] = {}
        self._words: dict[int, set[bytes]] = {}

    def remember(self, kind: str, value: str) -> str:
        """Register a secret; answers the same value, so that calls can be written inline."""
        assert len(value) >= PIECE, f"a {kind} of {len(value)} characters is too short to be recognised"
        secret = Secret(kind, value)
        core = _core(value).encode("utf-8", "surrogatepass")
        with self._lock:
            if value not in self._secrets:
                self._secrets[value] = secret
                for start in range(0, len(core) - PIECE + 1, PIECE):
                    piece = core[start : start + PIECE]
                    if len(set(piece)) >= DISTINCT:
                        self._pieces[piece] = secret
                        for first in range(PIECE - WORD + 1):
                            word = int.from_bytes(piece[first : first + WORD], sys.byteorder)
                            self._words.setdefault(word, set()).add(piece)
        return value

    def forget(self, value: str) -> None:
        """Unregister a value that a test planted."""
        with self._lock:
            secret = self._secrets.pop(value)
            self._pieces = {piece: owner for piece, owner in self._pieces.items() if owner is not secret}

    def invent(self, kind: str, *, prefix: str = "", length: int = 40) -> str:
        """A new secret of random letters and digits."""
        return self.remember(kind, prefix + "".join(random.choice(ALPHABET) for _ in range(length)))

    def password(self) -> str:
        """A password that every rule accepts."""
        return self.invent("password", length=24)

    def basic(self, client_id: str, client_secret: str) -> str:
        """The `Authorization` value of HTTP Basic for these credentials."""
        blob = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        return "Basic " + self.remember("basic credential", blob)

    def found_in(self, text: bytes) -> set[Secret]:
        """The secrets of which at least one whole piece occurs in the text."""
        with self._lock:
            known = self._words.keys()
            met = (known & _words(text)) | (known & _words(text[STEP:]))
            pieces = {piece for word in met for piece in self._words[word] if piece in text}
            return {self._pieces[piece] for piece in pieces if piece in self._pieces}


def _words(text: bytes) -> memoryview:
    """The text as numbers of eight bytes; zeros are added to fill the last."""
    return memoryview(text + bytes(-len(text) % WORD)).cast("Q")


def _core(value: str) -> str:
    """The part of a secret that is secret. Of a signed token that is its signature: the rest is public text."""
    if not value.startswith("eyJ"):
        return value[-CORE:]
    segments = value.split(".")
    genuine = len(segments) == 3 and len(segments[2]) >= CORE
    return segments[2][-CORE:] if genuine else ""


def shapes_in(text: bytes) -> list[bytes]:
    """Whatever in the text looks like a credential of ours, known or not."""
    return SHAPES.findall(text)
