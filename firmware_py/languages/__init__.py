"""The languages that the box speaks to its players in: one gettext catalogue each, and the words taken from them."""
