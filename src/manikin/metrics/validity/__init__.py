"""Are synthetic records possible, clinically?"""
