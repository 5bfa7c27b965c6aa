"""The choice: how far the voice moves away from the base, by scores of speech."""
