"""The embedded log: one SQLite file, several processes, nothing to install."""
