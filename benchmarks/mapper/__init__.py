"""When a mapper pays: items handled by a batched model, driven by the mapper, by the engine's chunks, or by a client."""
