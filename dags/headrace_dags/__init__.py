"""Declare, trace, check, plan and interpret dags. Imports no other room and needs only pydantic (numpy where arrays are met)."""
