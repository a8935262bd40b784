"""What a service process is built from: settings, the stack's clock, logs, jobs, and the version that runs."""
