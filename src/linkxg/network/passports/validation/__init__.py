"""Validation of any Digital Product Passport of UNTP, by its schema and by what its figures mean."""
