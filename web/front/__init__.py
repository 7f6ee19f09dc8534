"""What stands in front of the framework: every request passes here on its way in, and its answer on its way out."""
