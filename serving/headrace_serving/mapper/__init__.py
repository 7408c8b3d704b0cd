"""The mapper: a model that runs members in its own process and calls others for the items of a mapped axis."""
