"""Notices by mail: one message per try, over one connection of its own. Volume is small, and a kept connection goes stale."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final
from uuid import UUID

import aiosmtplib
from pydantic import SecretStr

from shared.notices.deliveries import DeliveryAnswer
from shared.notices.notice import Notice, one_line

IMPLICIT_TLS: Final = 465
"""The port that is encrypted from the first byte (RFC 8314); everywhere else STARTTLS begins it."""
TAKEN: Final = 250
"""What a server answers after the final dot, when it takes the message on."""
PERMANENT: Final = 500
AUTHENTICATION: Final = frozenset({530, 534, 535, 538})
"""Refused for how we log in: an operator mends that, so it is no reason to give up at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed over."""

    host: str
    port: int
    sender: str
    user: str | None
    password: SecretStr | None
    starttls: bool
    timeout: timedelta


class Mail:
    """Sends notices by mail."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def send(self, notice: Notice, *, delivery_id: UUID, to: str, at: datetime) -> DeliveryAnswer:
        """Hand one message over; `at` is technical.

        The Message-ID is the same on every try, so that a mailbox can tell a repetition.
        """
        server = self._server
        implicit = server.port == IMPLICIT_TLS
        try:
            await aiosmtplib.send(
                compose(notice, delivery_id=delivery_id, sender=server.sender, to=to, at=at),
                sender=server.sender,
                recipients=[to],
                hostname=server.host,
                port=server.port,
                username=server.user,
                password=server.password.get_secret_value() if server.password else None,
                use_tls=implicit,
                start_tls=server.starttls and not implicit,
                timeout=server.timeout.total_seconds(),
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            first = error.recipients[0]
            return _refused(first.code, first.message)
        except aiosmtplib.SMTPResponseException as error:
            return _refused(error.code, error.message)
        except TimeoutError:  # aiosmtplib's own are also these
            return DeliveryAnswer(delivered=False, error=f"The mail server gave no answer within {server.timeout.total_seconds():g} s.")
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return DeliveryAnswer(delivered=False, error=f"The mail server could not be used ({type(error).__name__}).")
        return DeliveryAnswer(delivered=True, status=TAKEN)


def compose(notice: Notice, *, delivery_id: UUID, sender: str, to: str, at: datetime) -> EmailMessage:
    """The message as it is handed over. Values from outside stand in headers on one line; the library refuses others."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = one_line(notice.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{delivery_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: an out-of-office robot must not answer
    message["X-Tact-Kind"] = notice.kind.value
    message.set_content(notice.text)
    return message


def _refused(code: int, said: str) -> DeliveryAnswer:
    words = one_line(said)[:200]
    hopeless = code >= PERMANENT and code not in AUTHENTICATION
    return DeliveryAnswer(delivered=False, status=code, error=f"The mail server answered {code}: {words}", hopeless=hopeless)
