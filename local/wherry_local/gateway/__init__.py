"""The gateway: OpenFaaS's API, asynchronous calls, and what the platform shows of itself."""
