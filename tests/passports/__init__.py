"""Digital Product Passports: their versions, representations and signatures, and who sees what."""
