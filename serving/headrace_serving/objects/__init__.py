"""The object store: one contract, one module a variant."""
