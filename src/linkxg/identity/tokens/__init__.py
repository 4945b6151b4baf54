"""Access tokens and what they permit: scopes, keys, minting, verifying, revoking, and the guard of every route."""
