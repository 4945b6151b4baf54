"""Operations on an installation: preparation, backup, restore, copy, purge, keys, diagnosis and the demo."""
