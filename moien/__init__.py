"""Moien: a staged recipe that teaches Kokoro-82M a new language from recorded speech."""

__version__ = "0.1.0"
