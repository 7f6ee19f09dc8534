"""Files on their way out: whole, in ranges, or in another form."""
