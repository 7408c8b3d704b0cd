"""What may be wrong with a step or a dag: one small function a rule; ``registry`` lists their codes."""
