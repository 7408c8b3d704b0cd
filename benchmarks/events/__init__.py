"""What a run costs through the durable engine, beside a call of the same model."""
