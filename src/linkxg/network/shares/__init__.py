"""Shares: what an account lets a partner see."""
