"""The commands of `moien`, one file each. What is heavy is imported inside the functions: `--help` must be fast."""
