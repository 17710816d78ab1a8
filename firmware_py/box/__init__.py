"""Box: the machine around the instrument, its network, its first set-up and its power."""
