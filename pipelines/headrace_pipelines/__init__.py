"""Run a dag as a batch on Kubeflow Pipelines."""
