"""The workflows of notices in the healer's own role, with receivers that are real."""

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg

from embedded.ports import LOOPBACK
from services.healer.store.notices import notices as store
from services.healer.store.notices.channels import NoticeChannel
from services.healer.workflows.notices import channels as keep_channels
from services.healer.workflows.notices.channels import ChannelPolicy
from services.healer.workflows.notices.deliver import Deliver
from services.healer.workflows.notices.notify import Notify
from shared.contracts.accounts_status import AccountStatusChanged
from shared.contracts.sends_completed import SendCompleted, SendOutcome
from shared.db.pool import open_pool
from shared.notices.mail import Mail, MailServer
from shared.notices.sender import NoticeSender
from shared.notices.web import Web
from shared.runtime.clock import StackClock
from shared.vocabulary import AccountStatus, NoticeMedium
from tests.integration.healer.healer_rows import MONDAY_NINE, House, Person, a_house, a_person
from tests.integration.healer.receivers import Mailbox, Receiver, mailbox, receiver

AT_ONCE = (timedelta(0), timedelta(0))
"""Three tries without a pause, so that a test sees the end of them."""
TERMS = ChannelPolicy(mail=True, private=True)
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ok!").decode()


@dataclass(slots=True)
class Stage:
    """The workflows in the healer's own role, and who receives."""

    pool: asyncpg.Pool
    owner: asyncpg.Pool
    house: House
    clock: StackClock
    web: Web
    to: Receiver
    box: Mailbox
    notify: Notify
    deliver: Deliver

    async def channel(self, medium: NoticeMedium = NoticeMedium.WEBHOOK, **values: Any) -> NoticeChannel:
        """A channel to our receivers."""
        target = "ana@example.test" if medium is NoticeMedium.EMAIL else f"{self.to.url}/hook?token=hidden"
        given = {"name": medium.value, "target": target, "secret": SECRET if medium is NoticeMedium.WEBHOOK else None, **values}
        return (await keep_channels.add_channel(self.pool, TERMS, workspace_id=self.house.workspace, medium=medium, **given)).channel

    async def failed(self, name: str = "ana") -> tuple[Person, SendCompleted]:
        """Somebody whose invitation failed for good, and the event that says so."""
        person = await a_person(self.owner, self.house, name=name, send_status="failed")
        await self.owner.execute("UPDATE send_queue SET error_message = 'user_unreachable' WHERE id = $1", person.send)
        return person, event_of(self.house, person)

    async def log(self) -> Sequence[store.NoticeEntry]:
        """The log of our workspace, newest first."""
        return await store.fetch_log(self.pool, workspace_id=self.house.workspace, before=None, kind=None, most=200)

    async def lose(self, status: AccountStatus) -> AccountStatusChanged:
        """The account changes, and so says its event."""
        version = await self.owner.fetchval(
            """UPDATE accounts SET status = $2, status_reason = 'Log in again', status_version = status_version + 1,
                                   status_changed_at = business_now() WHERE id = $1 RETURNING status_version""",
            self.house.account,
            status.value,
        )
        return AccountStatusChanged(account_id=self.house.account, workspace_id=self.house.workspace, status=status, version=version)


def event_of(house: House, person: Person, **changes: Any) -> SendCompleted:
    """What the sender would have said."""
    values: dict[str, Any] = {
        "send_id": person.send,
        "prospect_id": person.prospect,
        "campaign_id": house.campaign,
        "workspace_id": house.workspace,
        "account_id": house.account,
        "message_type": "connection_request",
        "outcome": SendOutcome.FAILED,
        "reason": "user_unreachable",
        "detail": "The recipient cannot be reached",
        "at": MONDAY_NINE,
    }
    return SendCompleted(**{**values, **changes})


@asynccontextmanager
async def a_stage(database: str, pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    """One house, its workflows, and who receives."""
    house = await a_house(pool)
    async with (
        await open_pool(database, role="tact_healer", size=5) as own,
        receiver() as to,
        mailbox() as box,
        Web(timeout=timedelta(seconds=5), private=True) as web,
    ):
        clock = StackClock(own)
        await clock.refresh()
        deliver = Deliver(own, NoticeSender(clock, web=web, mail=mail(box.port), pauses=AT_ONCE), timeout=timedelta(seconds=5))
        yield Stage(own, pool, house, clock, web, to, box, Notify(own, clock, mail=False), deliver)


def mail(port: int, **changes: Any) -> Mail:
    """A way to a mail server on this machine."""
    values: dict[str, Any] = {"user": None, "password": None, "starttls": False, **changes}
    return Mail(MailServer(host=LOOPBACK, port=port, sender="tact@example.test", timeout=timedelta(seconds=5), **values))
