"""What travels on a port: types from annotations, and values checked against them."""
