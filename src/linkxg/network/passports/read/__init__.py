"""Reads passports, as their viewer may see them."""
