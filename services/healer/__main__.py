"""python -m services.healer"""

import sys

from services.healer.app import build
from services.healer.settings import HealerSettings
from shared.runtime.settings import SettingsError, load
from shared.service.process import Service, main


def run() -> int:
    """Run the healer; returns the exit status."""
    try:
        settings = load(HealerSettings)
    except SettingsError as error:
        sys.stderr.write(f"healer: {error}\n")
        return 2
    return main(Service("healer", settings, port=settings.healer_port), lambda service: build(service, settings))


if __name__ == "__main__":
    sys.exit(run())
