"""Features of a recording for the base model: mel, energy and F0, one value per 300 samples, packed in files."""
