"""A trained voice in the formats of the programs that speak with Kokoro (docs: the table in `targets.py`)."""
