"""What the base model hears of a recording: mel, energy and F0, 300 samples a value, packed in files."""
