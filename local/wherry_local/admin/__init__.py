"""The other side of the platform's admin API: where a platform runs, and how it is asked."""
