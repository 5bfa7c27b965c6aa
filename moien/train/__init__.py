"""Fine-tuning: data, losses, the loop, checkpoints, and the choice of how far to go from the base."""
