"""Segments on a real Triton server: its model repositories, and the supervised server that serves them."""
