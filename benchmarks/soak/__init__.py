"""Whether a server under mixed load for a long time holds more and more of anything."""
