"""The stored events of an account, and the items that they are about."""
