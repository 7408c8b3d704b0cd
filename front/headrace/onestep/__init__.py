"""One node of a dag, run in this process on what an earlier run recorded. Records nothing itself."""
