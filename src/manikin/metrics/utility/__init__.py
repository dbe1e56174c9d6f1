"""Do models learned from synthetic records work on real ones?"""
