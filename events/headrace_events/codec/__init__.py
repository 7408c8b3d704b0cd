"""What the records of the log look like: CloudEvents with payloads of the Open Inference Protocol. Pure."""
