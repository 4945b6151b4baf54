"""Digital Product Passports of published products, their batches and items."""
