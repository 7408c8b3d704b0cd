"""A user's project: where it is imported from, which dags it holds, what is wrong with it."""
