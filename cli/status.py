"""tact status: which services are ready, whether anything may leave, and what accounts and campaigns are doing."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from cli.client import Api, connect, parse_answer
from cli.console import AsJson, format_time, out, print_json, show
from cli.errors import CommandError, Unreachable
from shared.contracts.routes import SERVICES

PARTS: Final = ("database", "broker", "consuming")
PROBE_SECONDS: Final = 3.0
NOT_FOUND: Final = 404


def status(as_json: AsJson = False) -> None:
    """Which services are ready, and what the accounts and campaigns are doing."""
    with connect() as api, ThreadPoolExecutor(len(SERVICES) + 1) as threads:
        probes = [threads.submit(_probe, api, name) for name in SERVICES]
        reading = threads.submit(api.get, "/api/status")
        services = [probe.result() for probe in probes]
        problem: CommandError | None = None
        found: dict[str, Any] = {"accounts": [], "campaigns": [], "business_now": None, "fence": None}
        try:
            answer = reading.result()
            found = {name: answer[name] for name in found}
        except CommandError as error:
            problem = error
        url = api.url
    if isinstance(problem, Unreachable) and all(each["state"] == "does not answer" for each in services):
        raise problem
    if as_json:
        print_json({"services": services} | found)
    else:
        if found["fence"] is not None:
            clock = format_time(found["business_now"], "%Y-%m-%d %H:%M:%S", zone=True)
            out.print(f"{url}   business time {clock}", highlight=False)
            out.print(found["fence"]["line"], highlight=False)
        show(services, title="services", as_json=False)
        if problem is None:
            show(found["accounts"], title="accounts", as_json=False)
            show(found["campaigns"], title="campaigns", as_json=False)
    if problem is not None:
        raise problem


def _probe(api: Api, name: str) -> dict[str, Any]:
    return {"service": name, "state": _read_state(api, name), "address": f"{api.url}/{name}"}


def _read_state(api: Api, name: str) -> str:
    try:
        response = api.send("GET", f"/{name}/readyz", seconds=PROBE_SECONDS)
        if response.status_code == NOT_FOUND:
            return "its /readyz is not served at this address"
        answer = response.json() if not response.is_success else parse_answer(response, api.url)
    except (CommandError, ValueError):
        return "does not answer"
    if response.is_success:
        held = answer.get("nothing_leaves")
        return f"ready, but nothing leaves: {held}" if held else "ready"
    if "database" not in answer:  # the gateway's answer: the service itself is away
        return "does not answer"
    if stopped := answer.get("stopped"):
        return f"stopped reading {', '.join(sorted(stopped))}; see `tact dead-letters stopped`"
    return ", ".join(part for part in PARTS if not answer.get(part)) + " missing"
