"""Compare Wherry's server with its peers on one core each; see README.md."""
