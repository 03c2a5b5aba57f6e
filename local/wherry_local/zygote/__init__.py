"""The zygote: a process that has imported the runtime and no user code, and forks replicas."""
