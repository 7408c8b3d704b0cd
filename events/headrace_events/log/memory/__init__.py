"""The log in memory: of one process, gone with it."""
