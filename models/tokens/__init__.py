"""Id tokens: kind, pseudonym, other forms, presentations. Not here: sessions."""
