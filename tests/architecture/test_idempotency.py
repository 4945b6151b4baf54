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
    "requestPassportAccess": "anybody asks; the owner sees twice what was asked twice",
    "validatePassport": "changes nothing",
    "printPassportLabels": "changes nothing",
    "login": "another session does no harm, and its tokens must not be given twice",
    "beginPasskeySignIn": "another challenge does no harm",
    "signInWithPasskey": "the challenge works once",
    "beginPasskeyStep": "another challenge does no harm",
    "beginPasskeyRegistration": "another challenge does no harm",
    "registerPasskey": "the challenge works once",
    "completeLogin": "the token of the first step works once",
    "beginPasskeyEnrollment": "another challenge does no harm",
    "confirmPasskeyEnrollment": "the challenge and the token of the first step work once",
    "beginEnrollment": "another secret takes the place of the one that waits",
    "confirmEnrollment": "the token of the first step works once",
    "stepUp": "another token does no harm, and must not be given twice",
    "beginTotp": "another secret takes the place of the one that waits",
    "confirmTotp": "a code works once",
    "replaceRecoveryCodes": "other codes take the place of those whose answer was lost",
    "logout": "ends the session whose token it carries, which cannot ask again",
    "changeEmail": "replaces the change that waits; only the newest links work",
    "confirmEmailChange": "the token works once",
    "declineEmailChange": "the token works once",
    "approveEmailChange": "answers one change, once",
    "changePassword": "carries the current password, which no longer holds",
    "requestPasswordReset": "mails of a person are limited, whoever asks for them",
    "completePasswordReset": "the token of the link works once",
    "rotatePassportKey": "another key does no harm: each stays in the DID document",
    "testIdentityProvider": "asks",
    "testEpcisSubscription": "asks the receiver, and changes nothing",
    "verifyEmailDomain": "sets one state, which it can set again",
    "acceptInvitation": "the token of the link works once",
    "acceptConnectionInvitation": "the token of the link works once",
    "signUp": "creates nothing that is seen, and a mailbox gets few mails an hour",
    "reportLeakedCredentials": "revokes what it names once, and is answered alike again",
    "completeSignUp": "the token of the link works once",
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
    # SCIM knows no such header field: a userName is unique, so a repetition is a conflict (RFC 7644 §3.3).
    assert keyless == {"acceptInvitation", "acceptConnectionInvitation", "completeSignUp", "registerPasskey", None}, (
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
