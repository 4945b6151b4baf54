"""What a DPoP proof says of its request: method, URI and time. Security rule 276."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from attacks.cases import case
from attacks.test_dpop import refused
from harness.dpop import TOKEN, DpopClient
from harness.rules import API


@pytest.mark.parametrize(
    "claims",
    [
        case(276, "another method", {"htm": "GET"}),
        case(276, "method in lower case", {"htm": "post"}),
        case(276, "no method", {"htm": None}),
        case(276, "no uri", {"htu": None}),
        case(276, "uri is a list", {"htu": ["x"]}),
        case(276, "no jti", {"jti": None}),
        case(276, "empty jti", {"jti": ""}),
        case(276, "huge jti", {"jti": "x" * 300}),
        case(276, "jti is a number", {"jti": 7}),
        case(276, "no iat", {"iat": None}),
        case(276, "iat is a text", {"iat": "1795444380"}),
        case(276, "iat is true", {"iat": True}),
        case(276, "iat does not fit into a float", {"iat": 10**400}),
        case(276, "iat is negative", {"iat": -(10**400)}),
    ],
)
def test_rule_276_proofs_with_wrong_claims_are_refused(dpop: DpopClient, claims: dict[str, Any]) -> None:
    refused(dpop.request_token(**claims))


@pytest.mark.parametrize(
    "make",
    [
        case(276, "another path", lambda base: f"{base}{API}/oauth/revoke"),
        case(276, "path in capitals", lambda base: f"{base}{TOKEN}".replace("/oauth/", "/OAuth/")),
        case(276, "slash behind", lambda base: f"{base}{TOKEN}/"),
        case(276, "double slash", lambda base: f"{base}{TOKEN}".replace("/oauth/", "//oauth/")),
        case(276, "dot segment", lambda base: f"{base}{API}/x/../oauth/token"),
        case(276, "encoded slash", lambda base: f"{base}{TOKEN}".replace("/token", "%2Ftoken")),
        case(276, "doubly encoded", lambda base: f"{base}{TOKEN}".replace("/token", "/%2574oken")),
        case(276, "another host", lambda base: f"https://evil.example{TOKEN}"),
        case(276, "dot behind the host", lambda base: base.replace("127.0.0.1", "127.0.0.1.") + TOKEN),
        case(276, "another port", lambda base: f"http://127.0.0.1:1{TOKEN}"),
        case(276, "no port", lambda base: f"http://127.0.0.1{TOKEN}"),
        case(276, "another scheme", lambda base: base.replace("http:", "https:") + TOKEN),
        case(276, "user in front", lambda base: base.replace("//", "//user@") + TOKEN),
        case(276, "host as user", lambda base: f"{base}@evil.example{TOKEN}"),
        case(276, "path alone", lambda base: TOKEN),
        case(276, "backslash", lambda base: base + TOKEN.replace("/oauth", "\\oauth")),
        case(276, "space", lambda base: f" {base}{TOKEN}"),
        case(276, "tab within", lambda base: f"{base}{API}/oauth/to\tken"),
        case(276, "malformed port", lambda base: f"http://127.0.0.1:port{TOKEN}"),
        case(276, "malformed host", lambda base: f"http://[127.0.0.1{TOKEN}"),
    ],
)
def test_rule_276_proofs_for_another_uri_are_refused(dpop: DpopClient, make: Callable[[str], str]) -> None:
    refused(dpop.request_token(htu=make(dpop.base)))


@pytest.mark.parametrize(
    "make",
    [
        case(276, "query", lambda base: f"{base}{TOKEN}?a=b"),
        case(276, "fragment", lambda base: f"{base}{TOKEN}#a"),
        case(276, "scheme in capitals", lambda base: base.replace("http:", "HTTP:") + TOKEN),
        case(276, "encoded letter", lambda base: f"{base}{TOKEN}".replace("/token", "/%74oken")),
    ],
)
def test_rule_276_the_same_uri_in_other_words_is_accepted(dpop: DpopClient, make: Callable[[str], str]) -> None:
    dpop.request_token(htu=make(dpop.base)).expect(200)


@pytest.mark.parametrize("seconds", [case(276, f"{seconds} s", seconds) for seconds in (-3_600, -90, 90, 3_600, 1e300)])
def test_rule_276_proofs_of_another_time_are_refused(dpop: DpopClient, seconds: float) -> None:
    refused(dpop.request_token(iat=time.time() + seconds))


@pytest.mark.parametrize("seconds", [case(276, f"{seconds} s", seconds) for seconds in (-10, 0, 10)])
def test_rule_276_a_clock_may_differ_a_little(dpop: DpopClient, seconds: int) -> None:
    dpop.request_token(iat=int(time.time()) + seconds).expect(200)
