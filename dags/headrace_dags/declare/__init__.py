"""What users write: steps, class steps, model files, dags, and how each is understood."""
