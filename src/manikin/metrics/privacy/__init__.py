"""Do synthetic records say anything of a training patient?"""
