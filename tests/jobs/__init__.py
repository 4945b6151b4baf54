"""The job engine with a kind of job that only the tests know."""
