"""Results as files: JSON, text, arrays and media by their own extension, and an index of what is where."""
