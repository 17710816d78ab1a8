"""Panel: buttons and lights of the box."""
