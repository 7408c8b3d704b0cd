"""Steps that are endpoints elsewhere: where they are, what is sent to them, what comes back, and what their errors mean."""
