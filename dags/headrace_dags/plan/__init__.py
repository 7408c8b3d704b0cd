"""From a graph to segments: where to cut, how to lower, and why. Pure: no server, no network, no clock."""
