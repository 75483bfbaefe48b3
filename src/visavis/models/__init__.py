"""Models that are too large to come with Visavis: which there are, getting them, and where they are kept."""
