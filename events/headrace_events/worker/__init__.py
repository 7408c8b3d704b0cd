"""Executes the tasks of segments: takes orders from the log, calls the executor, publishes what came of it. Keeps nothing."""
