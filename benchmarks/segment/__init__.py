"""What inline fusion, ensembles and dynamic batching cost and bring, beside one bare Triton model and other ways to chain."""
