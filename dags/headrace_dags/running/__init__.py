"""Steps on real values: bodies made ready, nodes run, graphs interpreted. The same in every runtime."""
