"""The state machine: what an account may do to a member, what follows from it, and when."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

from simulator.unipile.world.accounts import Bond, Chat, Invitation, Message, Relation, SimulatedAccount
from simulator.unipile.world.agenda import Agenda
from simulator.unipile.world.behaviour import Behaviour
from simulator.unipile.world.declared import AccountDeclared, PersonDeclared, WorldDeclared
from simulator.unipile.world.events import WorldEvent
from simulator.unipile.world.ids import chances, short_id, snowflake
from simulator.unipile.world.people import Directory, SimulatedPerson, long_ago
from simulator.unipile.world.refusals import refuse

WEEK = timedelta(days=7)


class World:
    """Accounts, members and what lies between them. Every method that changes something takes the business time."""

    def __init__(self, *, seed: int, start: datetime, behaviour: Behaviour | None = None) -> None:
        self.seed = seed
        self.behaviour = behaviour or Behaviour()
        self.people = Directory(seed)
        self.accounts: dict[str, SimulatedAccount] = {}
        self.chats: dict[str, Chat] = {}
        self.agenda = Agenda(start)
        self.listeners: list[Callable[[WorldEvent], None]] = []
        self._order = count(1)
        self._promised: dict[str, list[tuple[SimulatedPerson, datetime | None]]] = {}  # relations of accounts that are not declared yet

    # -- what there is ------------------------------------------------------------------------------------------------

    def declare(self, declared: WorldDeclared, now: datetime) -> None:
        """Everything of a world file."""
        self.behaviour = declared.behaviour
        for account in declared.accounts:
            self.declare_account(account, now)
        for person in declared.people:
            self.declare_person(person, now)

    def declare_account(self, declared: AccountDeclared, now: datetime) -> SimulatedAccount:
        """Add an account, or change the traits of one; its relations and chats stay."""
        account = self.accounts.get(declared.id)
        if account is None:
            vanity = declared.public_identifier or f"member-of-{declared.id.lower()}"
            first, _, last = declared.name.partition(" ")
            owner = self.people.declare(
                PersonDeclared(public_identifier=vanity, provider_id=declared.provider_user_id, first_name=first, last_name=last)
            )
            account = SimulatedAccount(
                declared.id, declared.name, declared.type, declared.country, owner, created_at=now, status=declared.status
            )
            self.accounts[declared.id] = account
            for n in range(declared.connections):
                known = self.people.declare(PersonDeclared(public_identifier=f"relation-{n}-of-{declared.id.lower()}"))
                self._connect(account, known, long_ago(known.luck[13], now))
            for person, since in self._promised.pop(declared.id, []):
                self._connect(account, person, since or long_ago(person.luck[13], now))
        account.name, account.type, account.country = declared.name, declared.type, declared.country
        return account

    def declare_person(self, declared: PersonDeclared, now: datetime) -> SimulatedPerson:
        """Add a person, or change one; relations named here exist from now on.

        Raises:
            ValueError: the vanity belongs to a person with another id.
        """
        person = self.people.declare(declared)
        for account_id in declared.connected_to:
            account = self.accounts.get(account_id)
            if account is None:
                self._promised.setdefault(account_id, []).append((person, declared.connected_at))
            elif self.bond(account, person).relation is None:
                self._connect(account, person, declared.connected_at or long_ago(person.luck[13], now))
        return person

    def account(self, account_id: str) -> SimulatedAccount:
        """A live account.

        Raises:
            RefusalError: 404 for an unknown one, 401 for one whose session is lost.
        """
        account = self.accounts.get(account_id)
        if account is None:
            raise refuse("resource_not_found", "Account not found")
        if not account.connected:
            raise refuse("disconnected_account")
        return account

    def person(self, identifier: str) -> SimulatedPerson:
        """A person, known or made on demand.

        Raises:
            RefusalError: 404 "User not found".
        """
        person = self.people.find_or_make(identifier, self.behaviour)
        if person is None:
            raise refuse("resource_not_found", "User not found")
        return person

    def bond(self, account: SimulatedAccount, person: SimulatedPerson) -> Bond:
        """What lies between the two, from the first time it is asked for."""
        bond = account.bonds.get(person.tail)
        if bond is None:
            bond = account.bonds[person.tail] = Bond()
            rate = self.behaviour.first_degree_rate
            if rate and person.declared is None and chances("first", self.seed, account.id, person.tail)[0] < rate:
                self._connect(account, person, long_ago(person.luck[13], self.agenda.now))
        return bond

    def distance(self, account: SimulatedAccount, person: SimulatedPerson) -> str:
        """The member's network distance as the account sees it."""
        return "FIRST_DEGREE" if self.bond(account, person).relation else person.degree

    # -- invitations --------------------------------------------------------------------------------------------------

    def invite(
        self, account: SimulatedAccount, person: SimulatedPerson, note: str | None, now: datetime, *, by_hand: bool = False
    ) -> Invitation:
        """Send an invitation, and let the person make up their mind.

        Raises:
            RefusalError: as LinkedIn would; nothing has changed then.
        """
        behaviour, bond = self.behaviour, self.bond(account, person)
        if note is not None and len(note) > account.note_limit:
            raise refuse(behaviour.over_long_note, f"The message must not exceed {account.note_limit} characters.")
        if person.locked(behaviour) or person is account.owner:
            raise refuse("invalid_recipient")
        if bond.relation is not None:
            raise refuse("already_connected")
        if bond.pending is not None:
            raise refuse(behaviour.pending_refusal)
        if bond.locked_until is not None and now < bond.locked_until:
            raise refuse("already_invited_recently")
        self._within_week(account, now)
        order = next(self._order)
        invitation = Invitation(snowflake(now, order), order, person, now, note or None, by_hand=by_hand)
        bond.pending = bond.last = invitation
        account.add_sent(invitation)
        account.invited_at.append(now)
        if by_hand:
            self._tell(WorldEvent("invited_by_hand", now, account, person, id=invitation.id, note=note))
        after = person.accepts_after(behaviour)
        if after is not None:
            self.agenda.put(now + after, lambda at: self._accept_if_pending(account, invitation, at))
        return invitation

    def accept(self, account: SimulatedAccount, person: SimulatedPerson, now: datetime) -> None:
        """The person accepts the pending invitation.

        Raises:
            RefusalError: there is none.
        """
        pending = self.bond(account, person).pending
        if pending is None:
            raise refuse("resource_not_found", "This person has no pending invitation of this account.")
        self._accept_if_pending(account, pending, now)

    def withdraw(self, account: SimulatedAccount, invitation_id: str, now: datetime) -> Invitation:
        """The account takes a pending invitation back, and LinkedIn locks that person for three weeks.

        Raises:
            RefusalError: no such pending invitation.
        """
        invitation = account.pending.get(invitation_id)
        if invitation is None:
            raise refuse("invalid_parameters", "Invitation not found")
        return self._close(account, invitation, "WITHDRAWN", now)

    def ignore(self, account: SimulatedAccount, person: SimulatedPerson, now: datetime) -> Invitation:
        """The person declines; the account only sees that the invitation is gone from its list.

        Raises:
            RefusalError: nothing is pending.
        """
        pending = self.bond(account, person).pending
        if pending is None:
            raise refuse("resource_not_found", "This person has no pending invitation of this account.")
        return self._close(account, pending, "IGNORED", now)

    def receive_invitation(self, account: SimulatedAccount, person: SimulatedPerson, note: str | None, now: datetime) -> Invitation:
        """A member invites the account.

        Raises:
            RefusalError: they are connected, or one is waiting already.
        """
        bond = self.bond(account, person)
        if bond.relation or bond.received:
            raise refuse("action_already_performed", "They are connected, or an invitation of this person is waiting already.")
        order = next(self._order)
        bond.received = Invitation(snowflake(now, order), order, person, now, note)
        account.received.append(bond.received)
        self._tell(WorldEvent("invited_us", now, account, person, id=bond.received.id, note=note))
        return bond.received

    def handle_received(self, account: SimulatedAccount, invitation_id: str, *, accept: bool, now: datetime) -> Invitation:
        """The account accepts or declines an invitation it received.

        Raises:
            RefusalError: no such invitation.
        """
        invitation = next((one for one in account.received if one.id == invitation_id), None)
        if invitation is None:
            raise refuse("resource_not_found", "Invitation not found")
        bond = self.bond(account, invitation.person)
        account.remove_received(invitation)
        bond.received = None
        invitation.status = "ACCEPTED" if accept else "IGNORED"
        if accept:
            if bond.pending is not None:  # both had invited each other
                bond.pending.status = "ACCEPTED"
                account.remove_sent(bond.pending)
                bond.pending = None
            self._connect(account, invitation.person, now)
            self._tell(WorldEvent("accepted_received", now, account, invitation.person, id=invitation.id))
        return invitation

    # -- chats --------------------------------------------------------------------------------------------------------

    def write(self, account: SimulatedAccount, person: SimulatedPerson, text: str, now: datetime, *, by_hand: bool = False) -> Message:
        """Send a message to a relation, in the one chat they have; a person may answer later.

        Raises:
            RefusalError: they are not connected.
        """
        bond = self.bond(account, person)
        if bond.relation is None:
            raise refuse("no_connection_with_recipient")
        message = self._say(account, person, text, now, mine=True)
        bond.written += 1
        self._tell(WorldEvent("wrote_by_hand" if by_hand else "wrote", now, account, person, message, message.id))
        self._plan_reply(account, person, str(bond.written), now)
        return message

    def reply(self, account: SimulatedAccount, person: SimulatedPerson, text: str, now: datetime) -> Message:
        """The person writes to the account."""
        bond = self.bond(account, person)
        message = self._say(account, person, text, now, mine=False)
        bond.replied_at = message.at
        message.chat.unread += 1
        self._tell(WorldEvent("replied", now, account, person, message, message.id))
        return message

    # -- accounts -----------------------------------------------------------------------------------------------------

    def set_status(self, account: SimulatedAccount, status: str, word: str, now: datetime) -> None:
        """Disconnect or reconnect; `word` is what the webhook says (CREDENTIALS, RECONNECTED, …)."""
        account.status = status
        self._tell(WorldEvent("account_status", now, account, note=word))

    # -- inside -------------------------------------------------------------------------------------------------------

    def _tell(self, event: WorldEvent) -> None:
        for listener in self.listeners:
            listener(event)

    def _within_week(self, account: SimulatedAccount, now: datetime) -> None:
        while account.invited_at and account.invited_at[0] <= now - WEEK:
            account.invited_at.popleft()
        limit = self.behaviour.weekly_invitation_limit
        if limit is not None and len(account.invited_at) >= limit:
            raise refuse("cannot_resend_yet")

    def _accept_if_pending(self, account: SimulatedAccount, invitation: Invitation, now: datetime) -> None:
        person, bond = invitation.person, self.bond(account, invitation.person)
        if bond.pending is not invitation:
            return  # withdrawn, ignored, or accepted by a lever in between
        bond.pending = None
        bond.accepted_at = now
        invitation.status = "ACCEPTED"
        account.remove_sent(invitation)
        self._connect(account, person, now)
        self._tell(WorldEvent("accepted", now, account, person, id=invitation.id))
        if invitation.note and self.behaviour.note_opens_chat:
            message = self._say(account, person, invitation.note, now, mine=True)
            self._tell(WorldEvent("wrote", now, account, person, message, message.id))
        self._plan_reply(account, person, "invitation", now)

    def _plan_reply(self, account: SimulatedAccount, person: SimulatedPerson, step: str, now: datetime) -> None:
        after = person.replies_after(step, self.behaviour)
        if after is not None:
            self.agenda.put(now + after, lambda at: void(self.reply(account, person, person.reply_text(self.behaviour), at)))

    def _close(self, account: SimulatedAccount, invitation: Invitation, status: str, now: datetime) -> Invitation:
        bond = self.bond(account, invitation.person)
        bond.pending = None
        bond.locked_until = now + timedelta(days=self.behaviour.reinvite_lock_days)
        account.remove_sent(invitation)
        withdrawn = status == "WITHDRAWN"
        invitation.status = "WITHDRAWN" if withdrawn else "IGNORED"
        self._tell(WorldEvent("withdrawn" if withdrawn else "ignored", now, account, invitation.person, id=invitation.id))
        return invitation

    def _connect(self, account: SimulatedAccount, person: SimulatedPerson, since: datetime) -> None:
        bond = account.bonds.setdefault(person.tail, Bond())
        bond.relation = Relation(person, since, next(self._order))
        account.add_relation(bond.relation)

    def _say(self, account: SimulatedAccount, person: SimulatedPerson, text: str, now: datetime, *, mine: bool) -> Message:
        bond = self.bond(account, person)
        order = next(self._order)
        if bond.chat is None:
            bond.chat = Chat(short_id("chat", self.seed, account.id, person.tail), account, person, order, now)
            self.chats[bond.chat.id] = bond.chat
        chat = bond.chat
        message = Message(short_id("message", self.seed, account.id, order, now), order, chat, text, now, mine)
        account.touch_chat(chat, now)
        chat.messages.append(message)
        account.messages.append(message)
        return message


def void(_: object) -> None:
    """A deed answers nothing."""
