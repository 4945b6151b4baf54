"""Passkeys: WebAuthn credentials for signing in, without a password or as a second factor (WebAuthn Level 3)."""
