"""Which model goes where: catalogue, packing, capacity, residency. Pure: no server, no network."""
