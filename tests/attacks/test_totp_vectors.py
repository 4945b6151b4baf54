"""The codes of authenticator apps are those of the standards. Security rule 128."""

from __future__ import annotations

import pytest

from linkxg.crypto.totp import DRIFT, STEP_MS, find_step, hotp, otpauth_uri

SECRET = b"12345678901234567890"
# RFC 4226, appendix D.
HOTP = ("755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489")
# RFC 6238, appendix B, SHA1.
TOTP = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
    20000000000: "65353130",
}


@pytest.mark.parametrize("counter", range(10))
def test_the_vectors_of_rfc_4226_are_met(counter: int) -> None:
    assert hotp(SECRET, counter) == HOTP[counter]


@pytest.mark.parametrize("seconds", TOTP)
def test_the_vectors_of_rfc_6238_are_met(seconds: int) -> None:
    step = seconds * 1_000 // STEP_MS
    assert hotp(SECRET, step, 8) == TOTP[seconds]
    assert find_step(SECRET, TOTP[seconds][2:], seconds * 1_000) == step


@pytest.mark.parametrize("drift", range(-4, 5))
def test_a_clock_may_differ_by_one_step(drift: int) -> None:
    now = 1_234_567_890_000
    step = now // STEP_MS + drift
    assert find_step(SECRET, hotp(SECRET, step), now) == (step if abs(drift) <= DRIFT else None)


@pytest.mark.parametrize("code", ["", "28708", "2870822", "28708a", "２８７０８２", "٢٨٧٠٨٢", "\x00" * 6, "-87082"])
def test_anything_but_the_six_digits_is_no_code(code: str) -> None:
    assert find_step(SECRET, code, 59_000) is None


def test_the_uri_names_the_service_and_the_person() -> None:
    assert otpauth_uri(SECRET, "LinkXG", "ada+x@example.test") == (
        "otpauth://totp/LinkXG:ada%2Bx@example.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=LinkXG"
        "&algorithm=SHA1&digits=6&period=30"
    )
