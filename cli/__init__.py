"""The operator's tool `tact`: a client of the HTTP API for records and questions, and commands for the infrastructure."""

__version__ = "0.1.0"
"""The one place of Tact's version: the build reads it (pyproject.toml), and `tact --version` prints it."""
