"""Pictures of a context: the graph of its jobs, and what happened when in a run."""
