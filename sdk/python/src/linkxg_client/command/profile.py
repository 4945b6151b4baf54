"""Whom the command acts as: a client or a person, by the environment or by what `login` has stored."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from linkxg_client.client import credentials_from_environment, dpop_by_environment
from linkxg_client.client_assertions import PrivateKeyJwt
from linkxg_client.client_credentials import ClientCredentials
from linkxg_client.connection import DEFAULT_URL, Connection
from linkxg_client.dpop import DpopKey
from linkxg_client.errors import SignInRequired
from linkxg_client.private_files import remove, replace
from linkxg_client.secret import Secret
from linkxg_client.secret_file import SecretFile
from linkxg_client.session import UserSession
from linkxg_client.session_store import SessionFile


def directory() -> Path:
    """LINKXG_CONFIG_DIR, or the directory for settings of programs."""
    chosen = os.environ.get("LINKXG_CONFIG_DIR")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "linkxg"


@dataclass(frozen=True)
class Profile:
    """What is stored: the address of the service, and the id of a client unless a person has signed in.

    `key_file` is where the client's private key is, which is not copied; without one, the client has a secret.
    """

    url: str
    client_id: str | None = None
    key_file: str | None = None
    dpop: bool = False


def default_url() -> str:
    return os.environ.get("LINKXG_URL", DEFAULT_URL)


def load() -> Profile | None:
    try:
        found = cast("dict[str, Any]", json.loads((directory() / "profile.json").read_text(encoding="utf-8")))
        return Profile(str(found["url"]), found.get("clientId"), found.get("keyFile"), bool(found.get("dpop")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def save(profile: Profile) -> None:
    content = {"url": profile.url, "clientId": profile.client_id, "keyFile": profile.key_file, "dpop": profile.dpop}
    replace(directory() / "profile.json", json.dumps(content).encode())


def forget() -> None:
    for path in (directory() / "profile.json", secret_file().path, session_file().path):
        if path.exists():
            remove(path)


def secret_file() -> SecretFile:
    return SecretFile(directory() / "client-secret")


def session_file() -> SessionFile:
    return SessionFile(directory() / "session.json")


def session(url: str) -> UserSession:
    return UserSession(connection=Connection(url), store=session_file())


def client_credentials(profile: Profile, secret: Secret | None = None) -> ClientCredentials:
    """Those of a client, by its private key, by `secret`, or by the secret that is stored."""
    assert profile.client_id is not None
    source = PrivateKeyJwt(SecretFile(profile.key_file)) if profile.key_file else secret or secret_file()
    dpop = DpopKey() if profile.dpop else None
    return ClientCredentials(profile.client_id, source, connection=Connection(profile.url), dpop=dpop)


def credentials(key_file: Path | None = None, *, dpop: bool = False) -> ClientCredentials | UserSession:
    """Of the environment if LINKXG_CLIENT_ID is set; otherwise of the last `login`. The options come before both."""
    client_id = os.environ.get("LINKXG_CLIENT_ID")
    if client_id and key_file is None:
        return credentials_from_environment(dpop=dpop)
    known = Profile(default_url(), client_id) if client_id else load()
    if known is None:
        raise SignInRequired("Run linkxg-client login first, or set LINKXG_CLIENT_ID and LINKXG_CLIENT_SECRET_FILE.")
    if known.client_id is None:
        return session(known.url)
    key = str(key_file) if key_file else known.key_file
    return client_credentials(Profile(known.url, known.client_id, key, known.dpop or dpop or dpop_by_environment()))
