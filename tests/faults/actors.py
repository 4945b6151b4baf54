"""Callers that use the service while it breaks, and check every answer.

Each actor has things of its own that nobody else touches, so it knows what every answer has to be. A request whose
answer was lost is repeated under its Idempotency-Key where there is one; otherwise what it was about is given up.
"""

from __future__ import annotations

from random import Random
from uuid import uuid4

from harness.answers import Answer
from harness.clients import OAuthClient, request_token, revoke, with_secret
from harness.concurrency import ConnectionLost, PersistentClient, TruncatedResponse
from harness.history import History, Operation
from harness.people import Person, Session, login, logout, me, refresh, session_of
from harness.server import Server
from harness.world import World

AUDITED = {
    "login": "session.started",
    "logout": "session.ended",
    "ban": "user.disabled",
    "unban": "user.enabled",
    "revoke": "token.revoked",
    "rotate": "client.secret_rotated",
    "disable": "client.disabled",
    "enable": "client.enabled",
}
"""What the trail says of each operation."""


class Actor:
    """One caller with dice of its own. `id` is the person's or the client's.

    Changes go to one server, and questions to another one where there is one: what the first has ended the second must
    refuse. Who gets no answer turns to the other.
    """

    def __init__(self, name: str, world: World, history: History, id: str) -> None:
        self.name = name
        self.id = id
        self.client = PersistentClient(world.server)
        self.abroad = self.client
        self.owner = world.owner
        self.history = history
        self.dice = Random(name)

    def acknowledged(self, done: Operation, answer: Answer, *, makes: str | None = None) -> bool:
        """Note the answer. Nothing but success is right, or 503 while a fault is on."""
        done.answered(answer, makes=makes)
        if answer.status == 503:
            return False
        assert answer.status < 300, f"[{done}] {answer}"
        return True

    def live_between(self, home: Server, abroad: Server) -> None:
        self.client, self.abroad = PersistentClient(home), PersistentClient(abroad)

    def step(self) -> None:
        raise NotImplementedError

    def roam(self) -> None:
        """A step; without an answer the next one begins at the other server."""
        try:
            self.step()
        except (ConnectionLost, TruncatedResponse):
            self.client, self.abroad = self.abroad, self.client

    def close(self) -> None:
        self.client.close()
        self.abroad.close()


class PersonActor(Actor):
    """Signs in, refreshes, looks, signs out; is disabled now and then by the Owner."""

    def __init__(self, name: str, world: World, history: History, person: Person) -> None:
        super().__init__(name, world, history, person.user_id)
        self.person = person
        self.session: Session | None = None
        self.used: str | None = None
        self.key: str | None = None
        self.banned = False
        self.in_doubt = False
        self.over: list[Session] = []

    def step(self) -> None:
        if self.banned:
            self._unban()
        elif self.session is None:
            self._sign_in()
        else:
            choices = [self._refresh, self._look, self._sign_out, self._ban]
            todo = self._refresh if self.key else self.dice.choices(choices, [60, 25, 10, 5])[0]
            todo(self.session)

    def _sign_in(self) -> None:
        with self.history.operation(self.name, "login") as done:
            answer = login(self.client, self.person.email, self.person.password)
            if self.acknowledged(done, answer):
                self.session, self.used = session_of(self.person, answer), None

    def _refresh(self, session: Session) -> None:
        token = session.refresh
        self.key = self.key or (str(uuid4()) if self.dice.random() < 0.8 else None)
        if self.key is None:
            # Without a key nobody can know which token lives if this answer is lost.
            self.session = None
        with self.history.operation(
            self.name, "refresh", needs=[token, session.session_id], ends=[token], key=self.key
        ) as done:
            answer = refresh(self.client, token, key=self.key)
            successor = answer.data()["refreshToken"] if answer.status == 200 else None
            if self.acknowledged(done, answer, makes=successor):
                self.session, self.used, self.key = session_of(self.person, answer), token, None

    def _look(self, session: Session) -> None:
        with self.history.operation(self.name, "look", needs=[session.session_id]) as done:
            self.acknowledged(done, me(self.abroad, session.access))

    def _sign_out(self, session: Session) -> None:
        self.session = None
        with self.history.operation(self.name, "logout", needs=[session.session_id], ends=[session.session_id]) as done:
            if self.acknowledged(done, logout(self.client, session.access)):
                self.over.append(session)

    def _ban(self, session: Session) -> None:
        self.session, self.banned, self.in_doubt = None, True, True
        with self.history.operation(self.name, "ban", ends=[session.session_id]) as done:
            answer = self._set(disabled=True)
            if not self.acknowledged(done, answer):
                return
        self.in_doubt = False
        self.over.append(session)
        answer = login(self.client, self.person.email, self.person.password)
        assert answer.status in {401, 503}, answer

    def _unban(self) -> None:
        with self.history.operation(self.name, "unban", certain=not self.in_doubt) as done:
            self.in_doubt = True
            if self.acknowledged(done, self._set(disabled=False)):
                self.banned = self.in_doubt = False

    def _set(self, *, disabled: bool) -> Answer:
        path = f"/account/users/{self.person.user_id}"
        return self.client.patch(path, bearer=self.owner.access, json={"disabled": disabled})

    def verify(self) -> None:
        """What was acknowledged as over is over."""
        for session in self.over:
            for client in (self.client, self.abroad):
                me(client, session.access).expect(401, "invalid_token")
            refresh(self.client, session.refresh).expect(401, "invalid_token")
        self.over.clear()

    def finish(self) -> None:
        """The chain goes on from the last acknowledged token, and the one before is a reuse that ends it."""
        while self.session is None or self.used is None or self.key:
            self.step()
        self._refresh_to_the_end(self.session, self.used)

    def _refresh_to_the_end(self, session: Session, used: str) -> None:
        me(self.client, session.access).expect(200)
        refresh(self.client, used).expect(401, "invalid_token")
        me(self.client, session.access).expect(401, "invalid_token")
        refresh(self.client, session.refresh).expect(401, "invalid_token")


class MachineActor(Actor):
    """Gets tokens, uses and revokes them; its secret is rotated and it is disabled now and then by the Owner."""

    def __init__(self, name: str, world: World, history: History, oauth: OAuthClient) -> None:
        super().__init__(name, world, history, oauth.client_id)
        self.oauth = oauth
        self.key: str | None = None
        self.disabled = False
        self.in_doubt = False
        self.permit = str(uuid4())
        self.tokens: list[str] = []
        self.dead_tokens: list[str] = []
        self.dead_secrets: list[OAuthClient] = []

    def step(self) -> None:
        if self.disabled:
            self._enable()
        elif self.key:
            self._rotate()
        elif not self.tokens:
            self._get_token()
        else:
            choices = [self._get_token, self._use, self._revoke, self._rotate, self._disable]
            self.dice.choices(choices, [30, 35, 15, 15, 5])[0]()

    def _get_token(self) -> None:
        with self.history.operation(self.name, "token", needs=[self.oauth.client_secret, self.permit]) as done:
            answer = request_token(self.client, self.oauth)
            token = answer.object()["access_token"] if answer.status == 200 else None
            if self.acknowledged(done, answer, makes=token):
                self.tokens.append(str(token))

    def _use(self) -> None:
        token = self.dice.choice(self.tokens)
        with self.history.operation(self.name, "use", needs=[token]) as done:
            self.acknowledged(done, self.abroad.get("/products", bearer=token))

    def _revoke(self) -> None:
        token = self.tokens.pop(self.dice.randrange(len(self.tokens)))
        needs = [token, self.oauth.client_secret]
        with self.history.operation(self.name, "revoke", needs=needs, ends=[token]) as done:
            if self.acknowledged(done, revoke(self.client, self.oauth, token)):
                self.dead_tokens.append(token)

    def _rotate(self) -> None:
        self.key = self.key or str(uuid4())
        old = self.oauth
        with self.history.operation(self.name, "rotate", ends=[old.client_secret], key=self.key) as done:
            answer = self.client.post(
                f"/oauth/clients/{old.client_id}/rotate",
                bearer=self.owner.access,
                headers={"Idempotency-Key": self.key},
                reveals=True,
            )
            secret = answer.object()["client_secret"] if answer.status == 200 else None
            if self.acknowledged(done, answer, makes=secret):
                self.oauth, self.key = with_secret(old, answer), None
                self.dead_secrets.append(old)

    def _disable(self) -> None:
        ends = [*self.tokens, self.permit]
        self.tokens, self.disabled, self.in_doubt = [], True, True
        with self.history.operation(self.name, "disable", ends=ends) as done:
            if not self.acknowledged(done, self._set(disabled=True)):
                return
        self.in_doubt = False
        self.dead_tokens += ends[:-1]
        answer = request_token(self.client, self.oauth)
        assert answer.status in {401, 503}, answer

    def _enable(self) -> None:
        with self.history.operation(self.name, "enable", certain=not self.in_doubt) as done:
            self.in_doubt = True
            if self.acknowledged(done, self._set(disabled=False)):
                self.disabled = self.in_doubt = False
                self.permit = str(uuid4())

    def _set(self, *, disabled: bool) -> Answer:
        path = f"/oauth/clients/{self.oauth.client_id}"
        return self.client.patch(path, bearer=self.owner.access, json={"disabled": disabled})

    def verify(self) -> None:
        """What was acknowledged as dead is dead."""
        for client in (self.client, self.abroad):
            for token in self.dead_tokens:
                client.get("/products", bearer=token).expect(401, "invalid_token")
            for old in self.dead_secrets:
                request_token(client, old).expect(401, "invalid_client")
        self.dead_tokens.clear()
        self.dead_secrets.clear()

    def finish(self) -> None:
        """One secret lives: the last one acknowledged."""
        while self.key or self.disabled:
            self.step()
        request_token(self.client, self.oauth).expect(200)
