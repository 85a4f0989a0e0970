"""What changed? Fingerprints of code, values and files."""
