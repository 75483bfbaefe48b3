"""The command line: the composition roots. Floor 5."""
