"""What executes segments in ``headrace run``: one contract, one module a runtime."""
