"""Do synthetic records cover the real ones, and differ from each other?"""
