"""What the removal of a second factor does, for the question before it."""

from linkxg.identity.factors.model import PASSKEY


def removal_effects(method: str, *, is_only: bool) -> list[str]:
    """`is_only`: the person has no other second factor."""
    effects = []
    if is_only:
        effects.append("Your password alone signs you in from now on, and your recovery codes stop working.")
    if method == PASSKEY:
        effects += [
            "You can no longer sign in with it.",
            "Your device or password manager may keep its copy, which has no effect here; you can delete it there.",
        ]
    return [*effects, "Your other sessions end now."]
