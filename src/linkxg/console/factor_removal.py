"""What the removal of a second factor does, for the question before it."""

from collections.abc import Sequence

from linkxg.identity.factors.model import PASSKEY, FactorView


def removal_effects(factor: FactorView, factors: Sequence[FactorView]) -> list[str]:
    """`factors` are all of the person."""
    effects = []
    if len(factors) == 1:
        effects.append("Your password alone signs you in from now on, and your recovery codes stop working.")
    if factor.method == PASSKEY:
        effects += [
            "You can no longer sign in with it.",
            "Your device or password manager may keep its copy, which has no effect here; you can delete it there.",
        ]
    return [*effects, "Your other sessions end now."]
