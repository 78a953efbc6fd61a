"""Second floor: the PLUS plan: members, signed cards, joining, verifying."""
