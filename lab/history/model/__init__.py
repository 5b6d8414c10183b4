"""Pure: what a request row and an event are. No files, no clocks."""
