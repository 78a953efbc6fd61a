"""Fourth floor: what a visitor sees: order links and their symbols."""
