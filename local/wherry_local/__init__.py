"""The platform on one machine: functions, events and routing without a cluster."""
