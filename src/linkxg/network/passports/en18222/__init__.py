"""Reads of passports as EN 18222:2026 names them: aliases of those of the API."""
