"""Does a voice speak in every program that runs Kokoro as it does in Kokoro's own? `moien conform` tests it."""
