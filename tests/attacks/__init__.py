"""Hostile input and the service's answers to it. The numbers are those of docs/security-rules.md."""
