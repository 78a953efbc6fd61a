"""What every screen is drawn and asked with: rows, looks, a line to type in, boxes."""
