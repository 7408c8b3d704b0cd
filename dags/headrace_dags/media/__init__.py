"""Encoded media: handles, where their bytes come from, what they are by their signature."""
