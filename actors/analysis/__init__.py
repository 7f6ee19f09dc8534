"""Numbers from samples: pure array functions, one measurement a file."""
