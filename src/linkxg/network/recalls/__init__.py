"""Recalls: who received what is affected, and who has acknowledged it, tier by tier."""
