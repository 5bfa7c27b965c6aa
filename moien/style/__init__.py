"""Speakers: their embeddings, and the style vectors (voice packs) that each starts from."""
