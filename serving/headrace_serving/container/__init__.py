"""Triton's server in a container of Docker or Podman: which engine, the image, the container, and the part inside it."""
