"""The orchestrator: the pure core that decides, and the shell around it."""
