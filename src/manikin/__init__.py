"""manikin makes synthetic patients and proves what they are worth."""
