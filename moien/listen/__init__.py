"""Listening tests: people rate sounds on a web page, without knowing which system made them."""
