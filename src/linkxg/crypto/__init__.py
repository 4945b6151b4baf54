"""Cryptography of secrets, passwords, tokens and signatures, without a database or HTTP."""
