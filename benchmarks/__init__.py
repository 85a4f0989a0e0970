"""Weft measured beside its peers; ``python -m benchmarks`` writes the table into README.md."""
