"""The broker: which trigger gets which event, and why another does not."""
