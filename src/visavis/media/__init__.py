"""Sound and pictures as values: time, samples, pictures, encoding, containers. Floor 1."""
