"""OAuth clients of other authors, written to the standards, work with this service over TLS."""
