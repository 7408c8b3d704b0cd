"""What one event costs to decide: of the lecture, and of a mapped run with many chunks."""
