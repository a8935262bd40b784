"""Settings, resources, workflows, handlers, jobs, routes: the queuer put together."""

from fastapi import FastAPI

from services.queuer import handlers, jobs
from services.queuer.http import cron
from services.queuer.http.dispatch import process
from services.queuer.http.mount import mount
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.settings import QueuerSettings
from services.queuer.workflows.accounts.healer_watchdog import HealerAlarm
from services.queuer.workflows.dispatch.clock_skip import ClockSkipper
from services.queuer.workflows.dispatch.dispatch import Dispatcher, DispatchLimits
from services.queuer.workflows.dispatch.process import Processor
from services.queuer.workflows.dispatch.stop import Stopper
from services.queuer.workflows.planning.plan import Planner
from services.queuer.workflows.planning.plan_now import PlanNow
from services.queuer.workflows.planning.reassign_account import AccountReassignment
from shared.notices.sender import NoticeSender
from shared.notices.web import Web
from shared.service.http import make_app
from shared.service.process import Service


async def build(service: Service, settings: QueuerSettings) -> FastAPI:
    """The queuer on an open service."""
    planner = Planner(service.pool, batch=settings.planning_batch, recipients_stay_fresh=settings.recipients_stay_fresh)
    stopper = Stopper(service.pool)
    dispatcher = Dispatcher(service.pool, service.publisher, DispatchLimits.of(settings), fence=service.fence)
    hand_over = AccountReassignment(service.pool, planner, batch=settings.planning_batch, after=settings.hand_over_after)
    leaper = ClockSkipper(service.pool, service.clock, quiet=settings.leap_quiet)
    web = await service.enter(Web(timeout=settings.notices_timeout, private=settings.notices_to_private))
    notice_sender = NoticeSender(service.clock, web=web, mail=settings.mail())
    alarm = HealerAlarm(service.pool, service.clock, notice_sender, timeout=settings.notices_timeout, fence=service.fence)
    handlers.register(service.inbox, planner, stopper)
    jobs.register(
        service.jobs,
        settings,
        service.pool,
        planner=planner,
        dispatcher=dispatcher,
        hand_over=hand_over,
        leaper=leaper,
        alarm=alarm,
    )
    app = make_app(service, title="Tact queuer", description="Who gets which message, from which account, and when.")
    call_times = CallTimes.of(settings)
    await mount(app, service, call_times=call_times)
    processor = Processor(service.pool, dispatcher, wait=settings.queue_wait, call_times=call_times)
    plan_now = PlanNow(service.pool, planner, batch=settings.planning_batch, within=settings.queue_wait)
    app.include_router(cron.routes(service, processor, plan_now))
    app.include_router(process.routes(service, processor, plan_now))
    return app
