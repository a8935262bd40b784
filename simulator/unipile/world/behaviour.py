"""How people and the provider behave unless declared otherwise: the block that PUT /_sim/behaviour changes."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
Hours = Annotated[float, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100)]

DEFAULT_REPLIES = (
    "Thanks for reaching out. Could you send me a bit more about this?",
    "Sounds interesting, let us talk next week.",
    "Not the right time for us, but thank you.",
    "Happy to connect. What exactly do you have in mind?",
)


class Span(BaseModel):
    """Hours of business time, from shortest to longest; a person's own value lies evenly between them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shortest_h: Hours
    longest_h: Hours

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.longest_h < self.shortest_h:
            raise ValueError("longest_h must not be smaller than shortest_h")
        return self

    def hours(self, chance: float) -> float:
        """The value at that place between the two."""
        return self.shortest_h + (self.longest_h - self.shortest_h) * chance


class Delivery(BaseModel):
    """What goes wrong with webhooks. Percentages are drawn per delivery with the simulator's seed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lose_percent: Percent = 0
    duplicate_percent: Percent = 0
    reorder_percent: Percent = Field(0, description="Share of events that leave reorder_h later, and so behind younger ones.")
    reorder_h: Hours = 0.5
    relation_delay: Span = Field(Span(shortest_h=0, longest_h=2), description="new_relation: documented as up to 8 hours late.")
    message_delay: Span = Span(shortest_h=0, longest_h=0)
    account_delay: Span = Span(shortest_h=0, longest_h=0)


class Behaviour(BaseModel):
    """Everything a lever may change about people and provider while the simulator runs; what is left out keeps its default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    acceptance_rate: Share = 0.45
    acceptance_delay: Span = Span(shortest_h=0.5, longest_h=60)
    reply_rate: Share = Field(0.25, description="Share of people who ever reply; each replies once, to one of our first messages.")
    reply_to_invitation_share: Share = Field(0.2, description="The share of those that writes after accepting, unasked.")
    reply_to_first_share: Share = Field(0.5, description="Of those, the share that answers our first message; the rest answer the second.")
    reply_delay: Span = Span(shortest_h=0.2, longest_h=48)
    reply_texts: tuple[str, ...] = Field(DEFAULT_REPLIES, min_length=1)
    first_degree_rate: Share = Field(0, description="Share of people made on demand who turn out to be relations already, per account.")
    locked_rate: Share = Field(0, description="Share of people made on demand whose profile is locked: 422 invalid_recipient.")
    distance_missing_rate: Share = Field(0, description="Share of profile answers whose network_distance is null (UNIPILE §6.15).")
    unknown_people: Literal["make", "404"] = "make"
    invite_list_lag_s: Annotated[float, Field(ge=0)] = Field(45, description="Business seconds until GET /users/invite/sent shows a send.")
    reinvite_lock_days: Annotated[float, Field(ge=0)] = Field(21, description="No new invitation this long after a withdrawal.")
    weekly_invitation_limit: Annotated[int, Field(ge=0)] | None = Field(
        None, description="More in rolling 7 days: 422 cannot_resend_yet, as LinkedIn does. None: never."
    )
    pending_refusal: Literal["already_invited_recently", "cannot_resend_yet"] = Field(
        "already_invited_recently", description="What a second invitation to a pending person gets [?]."
    )
    invite_status: Literal[200, 201] = Field(200, description="The reference says 200, some clients document 201 [?].")
    over_long_note: Literal["too_many_characters", "invalid_parameters"] = "too_many_characters"
    chats_json: Literal["accept", "refuse"] = Field("accept", description="JSON on /chats and /chats/{id}/messages; refuse gives 415 [?].")
    null_message_ids: bool = Field(False, description="POST /chats answers message_id null, as LinkedIn's may.")
    note_opens_chat: bool = Field(True, description="An accepted invitation with a note becomes a chat that begins with the note.")
    delivery: Delivery = Delivery()
