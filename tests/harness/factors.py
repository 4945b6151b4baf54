"""Second factors of people: an authenticator app of this run, and sign-ins in two steps."""

from __future__ import annotations

import base64
import hmac
import time
from dataclasses import dataclass, field
from typing import Any

from harness.answers import Answer
from harness.client import Client
from harness.people import Person, Session, login, refresh, session_of, sign_in
from harness.rows import execute
from harness.world import World

STEP_S = 30


@dataclass
class Authenticator:
    """An app with the secret of one person; `codes` are their recovery codes."""

    secret: str
    codes: list[str] = field(default_factory=list)
    last: int = 0

    def at(self, step: int) -> str:
        """The code of a step (RFC 6238), computed without the program."""
        key = base64.b32decode(self.secret + "=" * (-len(self.secret) % 8))
        mac = hmac.digest(key, step.to_bytes(8), "sha1")
        offset = mac[-1] & 15
        return f"{(int.from_bytes(mac[offset : offset + 4]) & 0x7FFFFFFF) % 1_000_000:06}"

    def code(self) -> str:
        """A code that was not used: of this step, or of the next if that was. After two, call `forget_steps`."""
        step = int(time.time()) // STEP_S
        self.last = max(step, self.last + 1)
        return self.at(self.last)


def forget_steps(world: World, person: Person, app: Authenticator) -> None:
    """Let the app's codes be used again: there are but two new ones within 30 seconds."""
    execute(world.server.database, f"UPDATE totp_factors SET last_step = 0 WHERE user_id = '{person.user_id}'")
    app.last = 0


def age_session(world: World, session: Session, minutes: int = 11) -> Session:
    """The session as it would be if its person had been authenticated that long ago, with a token that says so."""
    earlier = f"authenticated_at = authenticated_at - {minutes * 60_000}"
    execute(world.server.database, f"UPDATE sessions SET {earlier} WHERE id = '{session.session_id}'")
    return session_of(session.person, refresh(world.api, session.refresh).expect(200))


def begin_totp(client: Client, access: str) -> Authenticator:
    """The secret of a new app that waits for its first code."""
    secret = client.post("/auth/factors/totp", bearer=access).expect(200).data()["secret"]
    return Authenticator(client.vault.remember("secret of an authenticator app", secret))


def add_totp(client: Client, session: Session) -> Authenticator:
    """Set up an app for the person of this session, who signed in within the last ten minutes."""
    app = begin_totp(client, session.access)
    answer = client.post("/auth/factors/totp/confirm", bearer=session.access, json={"code": app.code()})
    codes = answer.expect(200).data()["recoveryCodes"] or []
    app.codes = [client.vault.remember("recovery code", code) for code in codes]
    return app


def first_step(client: Client, person: Person) -> str:
    """The token of a sign-in whose password was correct."""
    answer = login(client, person.email, person.password).expect(401, "mfa_required")
    return str(answer.json()["mfaToken"])


def second_step(client: Client, token: str, code: str, method: str = "totp", **options: Any) -> Answer:
    body = {"mfaToken": token, "method": method, "code": code}
    options.setdefault("reveals", True)
    return client.post("/auth/mfa", json=body, **options)


def sign_in_with_factor(client: Client, person: Person, code: str, method: str = "totp") -> Session:
    """A session of a person, in two steps."""
    return session_of(person, second_step(client, first_step(client, person), code, method).expect(200))


def person_with_totp(client: Client, person: Person) -> tuple[Session, Authenticator]:
    """Give a person an app; the session is the one in which it was set up."""
    session = sign_in(client, person)
    return session, add_totp(client, session)
