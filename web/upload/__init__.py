"""Files on their way in: a form with a file, taken piece by piece to where it may stay."""
