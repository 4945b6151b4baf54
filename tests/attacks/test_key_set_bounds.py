"""What the key sets of foreign issuers may take in memory. Security rule 305."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.client_assertions import new_key, public
from linkxg.identity.federation.signed_token import MAX_KEYS, MAX_KID, MAX_LISTED, read_keys

pytestmark = pytest.mark.any_engine
LIMITS = Path(__file__).parents[2] / "docs/limits.md"
MIB = 1 << 20

MEASURE = """
import gc, json, secrets, sys, time
from linkxg.crypto.jwt import b64url
from linkxg.identity.federation import providers
from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.identity.federation.signed_token import Header, read_keys, verify

kind, kid = sys.argv[1], sys.argv[2]

def resident():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1]) * 4096

def jwk(number):
    named = {"kid": kid * 190 + str(number)}
    if kind == "EC":
        from joserfc.jwk import ECKey
        return {**ECKey.generate_key("P-256").as_dict(private=False), **named}
    bits = int(kind)
    modulus = secrets.randbits(bits) | 1 << (bits - 1) | 1
    return {"kty": "RSA", "n": b64url(modulus.to_bytes(bits // 8)).decode(), "e": "_____w", **named}

kept = providers.Providers(None)
algorithm, length = ("ES256", 64) if kind == "EC" else ("RS256", int(kind) // 8)
token = "e30.e30." + b64url(secrets.token_bytes(length)).decode()
read_keys({"keys": [jwk(0)]})
before = resident()
for number in range(int(sys.argv[3])):
    account, uri = f"account-{number % 40}", f"https://issuer.example/{number}"
    keys = read_keys({"keys": [jwk(each) for each in range(16)]})
    for key in keys:
        try:
            verify(token, Header(algorithm, None, None), key)
        except ProviderFault:
            pass
    assert len(keys) == 16
    kept._keep(account, uri, providers._Keys(keys, time.monotonic(), 0.0))
print(json.dumps({"resident": resident() - before, "counted": kept._keys.size, "bound": providers.MAX_BYTES}))
"""


def measured(kind: str, kid: str, sets: int) -> dict[str, int]:
    """Bytes of a process that keeps these key sets, each key of which was used."""
    command = [sys.executable, "-W", "ignore", "-c", MEASURE, kind, kid, str(sets)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found: dict[str, int] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("kind", "kid"), [("EC", "k"), ("2048", "k"), ("8192", "k"), ("8192", "\U0001d542")])
def test_rule_305_what_is_counted_is_at_least_what_keys_take(kind: str, kid: str) -> None:
    found = measured(kind, kid, 60)
    assert 0 < found["resident"] <= found["counted"], found


def test_rule_305_the_worst_key_sets_take_no_more_than_is_documented() -> None:
    stated = re.search(r"at most (\d+) MiB of keys", LIMITS.read_text())
    assert stated is not None
    found = measured("8192", "k", 400)
    assert found["counted"] <= found["bound"] == int(stated[1]) * MIB
    assert found["resident"] <= found["bound"], found


def test_rule_305_of_a_set_few_keys_with_short_names_are_kept() -> None:
    usable: list[dict[str, Any]] = [public(new_key()) for _ in range(MAX_KEYS + 5)]
    unusable = [public(new_key(), kid="k" * (MAX_KID + 1)), {"kty": "oct", "k": "AAAA"}, public(new_key(), use="enc")]
    found = read_keys({"keys": [*unusable, *usable]})
    assert [key.kid for key in found] == [jwk["kid"] for jwk in usable[:MAX_KEYS]]
    longest = public(new_key(), kid="k" * MAX_KID)
    assert [key.kid for key in read_keys({"keys": [longest]})] == [longest["kid"]]
    assert read_keys({"keys": [unusable[0]] * MAX_LISTED + [longest]}) == ()
