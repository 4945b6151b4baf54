"""Sign-in by the account's identity provider, the people that come by it, and back-channel logout."""
