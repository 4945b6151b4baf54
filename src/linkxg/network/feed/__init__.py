"""The feed of what changed for an account: connections, shares, shared products."""
