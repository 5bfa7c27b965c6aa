"""A recipe: its settings, the table of stages, and how they run."""
