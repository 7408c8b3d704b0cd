"""Serve segments: object store, tensor codec, servers and runtimes, emitters. Everything is reached by the Open Inference Protocol."""
