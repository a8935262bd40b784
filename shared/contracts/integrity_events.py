"""integrity.events: a row breaks a rule."""

from typing import Any
from uuid import UUID

from pydantic import Field

from shared.contracts.event import Event


class IntegrityEvent(Event):
    """Any service may raise one; the healer decides what it means."""

    workspace_id: UUID | None = None
    kind: str
    severity: str = "warning"
    table_name: str
    row_id: str
    evidence: dict[str, Any] = Field(default_factory=dict)
