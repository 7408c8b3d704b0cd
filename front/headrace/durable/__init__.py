"""The durable engine from the keyboard: what `up` starts, and what is asked of it."""
