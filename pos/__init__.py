"""Third floor: the sale, from scan to receipt, and the counter's screens."""
