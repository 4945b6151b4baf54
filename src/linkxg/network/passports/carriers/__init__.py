"""Data carriers of passports: QR codes, and sheets of labels."""
