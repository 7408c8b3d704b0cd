"""How much does each process of a run grow while a 200 MB video passes through it?"""
