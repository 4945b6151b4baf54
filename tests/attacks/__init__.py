"""Hostile input and the service's answers to it. Numbers are those of the security bar."""
