"""The door: what a person gives becomes checked values, or a list of everything that is wrong with it. Nothing starts here."""
