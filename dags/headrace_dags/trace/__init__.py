"""Run a dag's body once with stand-ins for its values, and write down what it wires."""
