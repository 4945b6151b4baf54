"""The passkeys of a person: registered, listed and named by themselves, as second factors."""
