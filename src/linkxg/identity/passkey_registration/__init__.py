"""Registers, lists and names the passkeys of a person, also during a sign-in that requires a second factor."""
