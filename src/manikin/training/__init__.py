"""The one training loop: budget, engine, state, checkpoints, augmentation."""
