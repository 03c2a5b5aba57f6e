"""The proxy: how calls reach the replicas of functions, and addresses outside."""
