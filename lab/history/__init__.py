"""What happened: pure model (rows, events) and the files that hold it."""
