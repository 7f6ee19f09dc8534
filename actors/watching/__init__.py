"""What the folder means: decisions as pure functions over observations. Only `walk` touches the disk."""
