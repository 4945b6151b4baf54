"""Authorisation in the transaction that writes: a change of permissions applies immediately."""
