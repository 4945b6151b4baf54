"""Signs passports as verifiable credentials (VC-JOSE-COSE), and serves what verifiers need (did:web, status lists)."""
