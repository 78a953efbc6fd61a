"""The counter: the cashier's screens in a terminal. They show and ask; services do."""
