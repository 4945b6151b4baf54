"""Keys of nobody: an assertion for an unknown client is verified by them, which takes the time of a known one."""

from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from linkxg.identity.federation.signed_token import VerificationKey

_MODULUS = (
    "l4ge0TjZ14VnDFOUdpy3UZe65e25X3L7gdVUthZAshPgV40FOZ7M2c2lepnGagL6Hw5cPeu_lZtw6atzJoGxAEgZpiHSOCpmgLSnYu-OUJnz"
    "mM4vQ7D6dOnJ4bh9uaMVeJOZjqPB4ts6jxEvppqMcg3LVf1EUcxZAnbVGEhdRTdl3H59qlfPypohMF392rs5_BGV8NdRX3IdoVEbmvS-ZI0T"
    "CXG1MiTNi_gc1QPRIQoiXWwvDnW3O0HGg-S7RL5JWywNjZUE74M3bmt0BLAI7KiMp4AFyapMFO167kKLDmHTsb2QHKk7veUKdPh92ITHB0_q"
    "6DdtVxb8mVGAbsRN2Q"
)
"""To find a pair of RSA keys takes longer than to start."""


def decoy_keys() -> dict[str, VerificationKey]:
    """By type."""
    keys: dict[str, Key] = {
        "RSA": RSAKey.import_key({"kty": "RSA", "n": _MODULUS, "e": "AQAB"}),
        "EC": ECKey.generate_key("P-256", private=True),
        "OKP": OKPKey.generate_key("Ed25519", private=True),
    }
    return {kind: VerificationKey(None, kind, None, key) for kind, key in keys.items()}
