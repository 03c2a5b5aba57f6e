"""Proxies beside each function that we configure ourselves: one configuration for all pods."""
