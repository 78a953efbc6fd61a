"""The end of a business day, as a command and as a screen."""
