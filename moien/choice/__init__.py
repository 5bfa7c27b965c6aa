"""Choose how far to go from the base model, by scores of speech."""
