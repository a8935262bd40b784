"""`python -m services.poller`."""

import sys

from services.poller.app import build
from services.poller.settings import PollerSettings
from shared.runtime.settings import SettingsError, load
from shared.service.process import Service, main


def run() -> int:
    """Run the poller until it receives a signal to stop; returns the exit status."""
    try:
        settings = load(PollerSettings)
    except SettingsError as error:
        sys.stderr.write(f"poller: {error}\n")
        return 2
    return main(Service("poller", settings, port=settings.poller_port), lambda service: build(service, settings))


if __name__ == "__main__":
    sys.exit(run())
