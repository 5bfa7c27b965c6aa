"""All that knows Kokoro: symbols, weights in and out, the trainable forward, what an analyst wants to see."""
