"""The graphical front of the same verbs."""
