"""From a dag and checked inputs to a finished, recorded run. The engine drives; here everything around it is put together."""
