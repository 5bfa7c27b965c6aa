"""Who speaks: speaker embeddings, and the style vectors (voice packs) each speaker starts from."""
