"""Concurrent requests for the same thing, on one worker and on several."""
