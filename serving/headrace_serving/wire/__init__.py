"""How the items of a value travel in a tensor: one module for each family of wires."""
