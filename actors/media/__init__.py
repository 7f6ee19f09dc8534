"""Files: decoding, tags, pictures. Everything here may block and may crash its process: run it in a worker."""
