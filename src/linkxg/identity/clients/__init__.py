"""OAuth clients of an account: registration, secrets and their rotation, authentication, usage."""
