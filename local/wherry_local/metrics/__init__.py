"""What the gateway counts of each function, shown to Prometheus and to the console."""
