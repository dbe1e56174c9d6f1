"""The card as a page, in the terminal, and as charts."""
