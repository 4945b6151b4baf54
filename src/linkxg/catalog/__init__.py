"""Products of an account, their identifiers, and imports of them."""
