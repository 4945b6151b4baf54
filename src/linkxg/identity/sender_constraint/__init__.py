"""Sender-constrained access tokens: DPoP (RFC 9449) and certificates of mutual TLS (RFC 8705)."""
