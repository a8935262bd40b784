"""The healer put together: settings, provider, workflows, what comes in; no logic."""

from fastapi import FastAPI

from services.healer import handlers, jobs
from services.healer.http.mount import mount
from services.healer.settings import HealerSettings
from services.healer.store.health import risks
from services.healer.workflows.adoption.adopt import Adopt
from services.healer.workflows.health.keep_alerts import AlertKeeper
from services.healer.workflows.health.measure import MeasureHealth
from services.healer.workflows.health.predict import Predict
from services.healer.workflows.maintenance.maintain import Maintenance
from services.healer.workflows.notices.channels import ChannelPolicy
from services.healer.workflows.notices.deliver import Deliver
from services.healer.workflows.notices.notify import Notify
from services.healer.workflows.repairs.repair import FindAndRepair
from services.healer.workflows.unknown_attempts.look_up import LookUp
from shared.notices.sender import NoticeSender
from shared.notices.web import Web
from shared.service.http import make_app
from shared.service.process import Service
from shared.unipile.client import UnipileClient


async def build(service: Service, settings: HealerSettings) -> FastAPI:
    """Register handlers, jobs and routes on an open service."""
    provider = await service.enter(
        UnipileClient(
            settings.unipile_url, settings.unipile_api_key, timeout=settings.unipile_timeout, max_connections=settings.unipile_connections
        )
    )
    wake = service.wake
    mend = Maintenance(service.pool, service.clock, call_time=settings.unipile_timeout, wake_relay=wake)
    heal = FindAndRepair(service.pool, service.clock, mend, instance=service.instance)
    service.on_stop(heal.stop)
    look_up = LookUp(service.pool, provider, service.clock, call_time=settings.unipile_timeout, wake_relay=wake, fence=service.fence)
    service.on_stop(look_up.stop)
    web = await service.enter(Web(timeout=settings.notices_timeout, private=settings.notices_to_private))
    mail = settings.mail()
    deliver = Deliver(service.pool, NoticeSender(service.clock, web=web, mail=mail), timeout=settings.notices_timeout)
    adopt = Adopt(
        service.pool, provider, service.clock, service.fence, act_within=settings.sender_act_within, call_time=settings.unipile_timeout
    )
    # Late, because the job that delivers is declared with the others, and one of those is the notices' own.
    notify = Notify(service.pool, service.clock, mail=mail is not None, wake=lambda: wake_deliver())  # noqa: PLW0108  # bound below
    watch = AlertKeeper(service.clock, predicted=risks.fetch_alarming_campaigns, wake=wake)
    predict = Predict(service.pool, above=settings.healer_predict_above)
    measure = MeasureHealth(service.pool, objective=settings.healer_repair_objective, kept=settings.healer_history_kept, then=[watch])
    wake_deliver = jobs.register(
        service,
        settings,
        mend=mend,
        heal=heal,
        look_up=look_up,
        deliver=deliver,
        notify=notify,
        adopt=adopt,
        measure=measure,
        predict=predict,
    )
    handlers.register(service.inbox, service.pool, notify, heal)
    app = make_app(service, title="Tact healer", description="What is wrong, and mending it.")
    terms = ChannelPolicy(mail=mail is not None, private=settings.notices_to_private)
    await mount(
        app,
        service,
        mend=mend,
        deliver=deliver,
        terms=terms,
        call_time=settings.unipile_timeout,
        objective=settings.healer_repair_objective,
    )
    return app
