"""The project that ``headrace init`` writes. The files ending in ``.in`` are copied; ``{{name}}`` stands for the project's name."""
