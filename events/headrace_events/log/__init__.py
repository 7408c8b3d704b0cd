"""The durable event log: one contract, one module a variant."""
