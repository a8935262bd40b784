"""`python -m services.queuer`."""

import sys

from services.queuer.app import build
from services.queuer.settings import QueuerSettings
from shared.runtime.settings import SettingsError, load
from shared.service.process import Service, main


def run() -> int:
    """Run the queuer until it is told to stop; returns the exit status."""
    try:
        settings = load(QueuerSettings)
    except SettingsError as error:
        sys.stderr.write(f"queuer: {error}\n")
        return 2
    return main(Service("queuer", settings, port=settings.queuer_port), lambda service: build(service, settings))


if __name__ == "__main__":
    sys.exit(run())
