"""Learning and sampling: the synthesizer, the training loop, the engine."""
