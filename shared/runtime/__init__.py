"""What every service process stands on: settings, the clock, logs, jobs, HTTP, and an orderly start and stop."""
