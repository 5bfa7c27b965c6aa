"""Listening tests: people rate sounds in a page of their own browser, without knowing which system made them."""
