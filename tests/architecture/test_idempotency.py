"""Every POST that creates something takes an `Idempotency-Key`, and says so in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from architecture.program import document, routes
from linkxg.http.body_style import BodyStyle
from linkxg.http.query_params import takes_idempotency_key

KEYLESS = {
    "requestToken": "RFC 6749 has no such header field; another token does no harm",
    "introspectToken": "changes nothing",
    "revokeToken": "a token that is revoked already is a success (RFC 7009 §2.2)",
    "login": "another session does no harm, and its tokens must not be given twice",
    "logout": "ends the session whose token it carries, which cannot ask again",
    "changePassword": "carries the current password, which no longer holds",
    "testIdentityProvider": "asks",
    "verifyEmailDomain": "sets one state, which it can set again",
    "acceptInvitation": "the token of the link works once",
    "acceptConnectionInvitation": "the token of the link works once",
}


def _posts() -> dict[str, dict[str, Any]]:
    return {item["post"]["operationId"]: item["post"] for item in document()["paths"].values() if "post" in item}


def test_every_post_that_creates_takes_an_idempotency_key() -> None:
    keyed = {
        name
        for name, operation in _posts().items()
        if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ()))
    }
    assert keyed.isdisjoint(KEYLESS)
    assert keyed | KEYLESS.keys() == _posts().keys(), "take an Idempotency-Key, or say in KEYLESS why not"


def test_no_post_that_answers_created_or_accepted_is_without_a_key() -> None:
    """KEYLESS excuses no route that creates, but those whose token works once; a console form is used once."""
    keyless = {
        route.handler.operation_id
        for route in routes()
        if route.method == "POST" and route.handler is not None and route.style is not BodyStyle.PAGE
        if route.handler.status_code in (201, 202) and not takes_idempotency_key(route.handler)
    }
    assert keyless == {"acceptInvitation", "acceptConnectionInvitation"}, (
        f"{keyless}: take an `IdempotencyKey`, or answer 200 if nothing is created"
    )


def test_every_answer_that_may_be_a_replay_names_its_header_field() -> None:
    for name in _posts().keys() - KEYLESS.keys():
        successes = [one for status, one in _posts()[name]["responses"].items() if status < "300"]
        assert successes
        assert all("Idempotent-Replayed" in one["headers"] for one in successes), name
        # A refresh with another key is a reuse, which ends the session.
        if name != "refresh":
            assert "idempotency_key_reused" in str(_posts()[name]["responses"]["422"]), name
