"""What a mapped sub-dag of many pages costs through the engine, beside a loop written by hand that makes the same calls."""
