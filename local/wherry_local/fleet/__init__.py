"""The fleet: the replicas of every function, started on demand, held, replaced and ended."""
