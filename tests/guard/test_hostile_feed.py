"""The guard trusts no document and no key set because of where it comes from. Security rules 291 to 293."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from guard.issuer import EC_KEY, SETTINGS, Document, Issuer, access_token
from harness.token_forge import encode
from linkxg_guard import Guard, InvalidToken, TemporarilyUnavailable, key_set
from linkxg_guard import guard as guard_module
from linkxg_guard.feed import TYPE, RevocationFeed
from linkxg_guard.key_set import MAX_STALE_S, KeySet
from linkxg_guard.public_keys import read_key_set


def read(issuer: Issuer) -> RevocationFeed:
    async def once() -> RevocationFeed:
        feed = RevocationFeed(SETTINGS, issuer, KeySet(issuer))  # type: ignore[arg-type]
        await feed.read(0)
        return feed

    return asyncio.run(once())


def test_a_genuine_document_is_believed() -> None:
    found = read(Issuer()).current
    assert found is not None
    assert found.ended == {"t1"}


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(nonce="another"),
        lambda d: d.pop("nonce"),
        lambda d: d.update(aud="lxgcli_b"),
        lambda d: d.update(resource="https://other.example"),
        lambda d: d.update(iss="https://evil.example"),
        lambda d: d.update(iat="1"),
        lambda d: d.update(iat=True),
        lambda d: d.pop("version"),
        lambda d: d.pop("account_id"),
        lambda d: d.pop("keys"),
        lambda d: d.pop("entries"),
        lambda d: d.update(keys=[{"kid": "k1"}]),
        lambda d: d.update(not_before="soon"),
        lambda d: d.update(entries={}),
        lambda d: d.update(entries=[{"kind": "account", "id": "a"}]),
        lambda d: d.update(entries=[{"kind": "token"}]),
        lambda d: d.update(entries=[{"kind": "user", "id": "u", "epoch": "2"}]),
    ],
)
def test_rule_291_another_document_under_a_good_signature_is_refused(change: Callable[[Document], object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(Issuer(change))


@pytest.mark.parametrize(
    "signing",
    [
        {"secret": "another"},
        {"client_id": "lxgcli_b"},
        {"header": {"alg": "none", "typ": TYPE}},
        {"header": {"alg": "HS256", "typ": "at+jwt"}},
        {"header": {"alg": "HS256", "typ": TYPE, "kid": "k1"}},
        {"header": {"alg": "ES256", "typ": TYPE, "kid": "k1"}},
        {"header": {"alg": "ES256", "typ": TYPE}},
        {"header": {"alg": "HS256", "typ": TYPE, "crit": ["b64"], "b64": False}},
    ],
)
def test_rule_291_another_signature_is_refused(signing: Document) -> None:
    issuer = Issuer(**signing)
    issuer.keys = [EC_KEY]
    with pytest.raises(ValueError, match=r"."):
        read(issuer)


def test_rule_291_a_signature_with_a_payload_of_its_own_is_refused() -> None:
    issuer = Issuer()
    honest = issuer.get_signed

    async def attached(*arguments: Any) -> tuple[bytes, bytes]:
        body, signature = await honest(*arguments)
        head, _, mac = signature.split(b".")
        return body, head + b"." + encode(body).encode() + b"." + mac

    issuer.get_signed = attached  # type: ignore[method-assign, assignment]
    with pytest.raises(ValueError, match="not the signature of a feed"):
        read(issuer)


def test_keys_of_unknown_kinds_are_passed_over() -> None:
    """RFC 7517 §5: LinkXG may sign with other algorithms one day."""
    later = {"kty": "AKP", "alg": "ML-DSA-44", "use": "sig", "kid": "k2", "pub": "AA"}
    assert read_key_set(json.dumps({"keys": [later, EC_KEY]}).encode()).keys() == {"k1"}


@pytest.mark.parametrize(
    "keys",
    [
        [EC_KEY, EC_KEY],
        [EC_KEY | {"d": "AA"}],
        [EC_KEY | {"x": EC_KEY["y"]}],
        [EC_KEY | {"x": "AA"}],
        [EC_KEY | {"use": "enc"}],
        [EC_KEY | {"kid": ""}],
        [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k2", "n": encode(b"\xff" * 128), "e": "AQAB"}],
        [{"kty": "oct", "alg": "HS256", "use": "sig", "kid": "k2", "k": "AA"}],
        [EC_KEY] * 33,
        ["k1"],
    ],
)
def test_rule_292_an_unsound_key_set_is_refused(keys: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_key_set(json.dumps({"keys": keys}).encode())


def test_rule_293_keys_that_cannot_be_read_again_are_used_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1_000.0
    monkeypatch.setattr(key_set, "now", lambda: moment)
    issuer = Issuer()
    issuer.keys = [EC_KEY]
    keys = KeySet(issuer)  # type: ignore[arg-type]
    assert asyncio.run(keys.load("k1")) is not None
    issuer.keys = []
    moment += MAX_STALE_S - 1
    asyncio.run(keys.refresh())
    assert (keys.find("k1") is not None, issuer.reads) == (True, 2)
    moment += 1
    assert keys.find("k1") is None
    issuer.keys = [EC_KEY]
    assert asyncio.run(keys.load("k1")) is not None


def test_rule_293_no_key_outlives_the_set_that_it_came_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even one whose header the guard has seen."""
    moment = 1_000.0
    monkeypatch.setattr(key_set, "now", lambda: moment)
    issuer = Issuer()
    issuer.keys = [EC_KEY]
    monkeypatch.setattr(guard_module, "Connection", lambda _: issuer)

    async def judge() -> None:
        nonlocal moment
        guard = Guard(SETTINGS)
        caller = await guard.authenticate(b"Bearer " + access_token("t2"), None, ["products:read"])
        assert caller.id == "lxgcli_c"
        with pytest.raises(InvalidToken, match="revoked"):
            await guard.authenticate(b"Bearer " + access_token("t1"), None)
        issuer.keys = []
        moment += MAX_STALE_S
        with pytest.raises(TemporarilyUnavailable):
            await guard.authenticate(b"Bearer " + access_token("t3"), None)
        issuer.keys = [EC_KEY]
        assert (await guard.authenticate(b"Bearer " + access_token("t4"), None)).jti == "t4"
        await guard.stop()

    asyncio.run(judge())
