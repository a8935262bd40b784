"""`python -m services.sender`."""

import sys

from services.sender.app import build
from services.sender.settings import SenderSettings
from shared.runtime.settings import SettingsError, load
from shared.service.process import Service, main


def run() -> int:
    """Run the sender until it receives a signal to stop; returns the exit status."""
    try:
        settings = load(SenderSettings)
    except SettingsError as error:
        sys.stderr.write(f"sender: {error}\n")
        return 2
    return main(Service("sender", settings, port=settings.sender_port), lambda service: build(service, settings))


if __name__ == "__main__":
    sys.exit(run())
