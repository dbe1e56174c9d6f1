"""Are synthetic records distributed as real ones?"""
