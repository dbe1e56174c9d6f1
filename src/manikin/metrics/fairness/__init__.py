"""Are synthetic records as good for every group of patients?"""
