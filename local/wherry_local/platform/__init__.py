"""The whole platform of one project, put together: doors, fleet, broker, queue and console."""
