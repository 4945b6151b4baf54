"""Reports of secret scanners about credentials that they found in public."""
