"""The records of the API."""
