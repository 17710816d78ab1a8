"""What a box needs, checked, each with its remedy: for a person, the status page and the lights."""
