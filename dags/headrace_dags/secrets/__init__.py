"""Secrets: named in code, graph and plan; their values only where a step is set up; blacked out of what is written down."""
