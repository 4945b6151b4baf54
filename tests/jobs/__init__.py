"""Tests of the job engine with a kind of job that only they know."""
