"""Authorization inside the transaction: a write is committed only while its caller may still make it."""
