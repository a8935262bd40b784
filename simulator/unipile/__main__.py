"""python -m simulator.unipile --port P --api-key K [--clock-speed S] [--clock-start ISO] [--clock-database DSN] [--log FILE] …"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

import uvloop
from pydantic import ValidationError

from simulator.unipile.app import serve
from simulator.unipile.levers import sentence_of
from simulator.unipile.settings import SimulatorCannotStartError, SimulatorSettings


def main(arguments: Sequence[str] | None = None) -> int:
    """0 after an orderly stop, 1 with one sentence when it cannot start."""
    try:
        settings = SimulatorSettings.model_validate(read(arguments))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings))
    except ValidationError as error:
        return refused(sentence_of(error))
    except SimulatorCannotStartError as error:
        return refused(str(error))
    except KeyboardInterrupt:
        return 0
    return 0


def read(arguments: Sequence[str] | None) -> dict[str, object]:
    """The options that were given; the rest keeps the settings' defaults."""
    parser = argparse.ArgumentParser(prog="python -m simulator.unipile", description="Unipile's API with people behind it.")
    parser.add_argument("--port", required=True, help="0 takes a free one")
    parser.add_argument("--api-key", required=True)
    for name in ("host", "clock-speed", "clock-start", "clock-database", "log", "seed", "world"):
        parser.add_argument(f"--{name}", help=SimulatorSettings.model_fields[name.replace("-", "_")].description)
    return {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}


def refused(sentence: str) -> int:
    """Say why on stderr."""
    sys.stderr.write(f"{sentence}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
