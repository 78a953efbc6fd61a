"""Ground floor: what every till and the hub must agree on; it never knows what a sale is."""
