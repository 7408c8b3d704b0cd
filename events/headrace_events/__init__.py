"""Drive a plan with events: log, orchestrator, worker, the run record."""
