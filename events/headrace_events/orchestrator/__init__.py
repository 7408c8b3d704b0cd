"""Folds the events of runs into states and issues their tasks: as many replicas as wanted, each with its share of the partitions."""
