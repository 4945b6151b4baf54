"""Finding products among very many."""
