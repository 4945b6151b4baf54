"""OAuth clients of an account: registering, secrets and their rotation, authentication, usage."""
