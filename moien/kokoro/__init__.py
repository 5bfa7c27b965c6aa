"""All that depends on Kokoro: symbols, reading and writing of weights, the trainable forward pass, inspection."""
