"""Data that all layers share: jobs, promises, outcomes, states, reasons. No I/O."""
