"""Ask the product's own functions, in the checkout that is the current directory. Each check returns None (right) or a sentence (wrong)."""
import csv, io, json, re, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4
sys.path.insert(0, str(Path.cwd()))
U = "https://www.linkedin.com/in/"


def table(header, rows, encoding="utf-8", delimiter=","):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def read(data, columns=None):
    """People and refusals of a list; a file refused as a whole is (None, [sentence])."""
    from services.queuer.rules.people.reader import ListReader, Person, Refusal
    from shared.refusals import Refused
    from shared.vocabulary import Channel
    try:
        rows = list(ListReader(io.BytesIO(data), needs=Channel.LINKEDIN, columns=columns))
    except Refused as error:
        return None, [str(error)]
    return [r for r in rows if isinstance(r, Person)], [r.reason for r in rows if isinstance(r, Refusal)]


# T01 ---------------------------------------------------------------------------------------------------------------
def filler_is_refused(value):
    """A list of two rows whose LinkedIn column holds the filler, and one good row: one person, two refused."""
    people, refused = read(table(["First Name", "Last Name", "LinkedIn"], [["Anna", "One", value], ["Ben", "Two", value], ["Cid", "Three", U + "cid-three-77"]]))
    if people is None:
        return f"the whole file was refused: {refused[0][:80]}"
    got = [p.identity for p in people]
    return None if got == ["in:cid-three-77"] else f"{value!r} became {[i for i in got if i != 'in:cid-three-77']}"


def address_stays(value, vanity):
    people, refused = read(table(["First Name", "LinkedIn"], [["Anna", value]]))
    return None if people and people[0].linkedin_vanity == vanity else f"{value!r}: {refused or [p.identity for p in people or []]}"


def good_address_beside(header, value):
    """A second column that holds no address must not cost the row its good one."""
    people, refused = read(table(["First Name", "LinkedIn URL", header], [["Anna", U + "anna-one-77", value]]))
    return None if people and people[0].linkedin_vanity == "anna-one-77" else f"{header}={value!r}: {refused}"


def header_in_the_middle():
    people, _ = read(b"First Name,Last Name,URL\nAnna,One," + U.encode() + b"anna-one-77\nFirst Name,Last Name,URL\nBen,Two," + U.encode() + b"ben-two-77\n")
    got = [p.identity for p in people or []]
    return None if got == ["in:anna-one-77", "in:ben-two-77"] else f"people: {got}"


def address_is(value, wanted):
    """`wanted` is an identity, or None for refused."""
    from shared.people.identifiers import LinkedInId, linkedin_identity
    found = linkedin_identity(value)
    got = found.identity if isinstance(found, LinkedInId) else None
    return None if got == wanted else f"{value!r} became {got}, wanted {wanted or 'a refusal'}"


# T02 ---------------------------------------------------------------------------------------------------------------
def names_survive(data, names):
    """Every name as it was written, or a refusal (of the file, or of the rows): never another name."""
    people, _ = read(data)
    if people is None:
        return None
    got = [(p.first_name, p.last_name) for p in people]
    wrong = [g for g in got if g not in names]
    return f"{len(wrong)} of {len(names)} names are wrong, such as {' '.join(wrong[0])!r}" if wrong else None


# T06, T07 ----------------------------------------------------------------------------------------------------------
def _words(template, values, on_missing="block"):
    from services.queuer.rules.campaigns.steps import Wish, steps_of
    from services.queuer.rules.planning.rendering import MessageText, render_step
    from shared.refusals import Refused
    from shared.vocabulary import CampaignType, MissingValue
    try:
        step = steps_of(CampaignType.CONNECTOR, [Wish("connection_request", template)])[0]
    except Refused:
        return None
    done = render_step(step, values, MissingValue(on_missing), note_limit=300)
    return done.text if isinstance(done, MessageText) else ""


NOBODY = {"first_name": "", "last_name": "", "company": "", "title": "", "location": ""}
ADA = {"first_name": "Ada", "last_name": "Probe", "company": "Acme", "title": "CEO", "location": "Berlin"}


def template_is_refused_or(template, without_a_name, with_a_name):
    """Refused when the campaign is made, or read as its author meant it."""
    got = (_words(template, NOBODY), _words(template, ADA))
    if got == (None, None) or (got[0] in (without_a_name, "") and got[1] == with_a_name):
        return None
    return f"{template!r}: a lead without a name gets {got[0]!r}, Ada gets {got[1]!r}"


def template_stays(template, with_a_name):
    got = _words(template, ADA)
    return None if got == with_a_name else f"{template!r}: Ada gets {got!r}, wanted {with_a_name!r}"


def value_is_empty(value):
    """A first name that means nothing: under on_missing=block nothing leaves, and the default stands in where there is one."""
    people, refused = read(table(["First Name", "Last Name", "URL", "Company"], [[value, "Probe", U + "ada-probe-77", "Acme"]]))
    if not people:
        return None
    values = {name: getattr(people[0], name) for name in ("first_name", "last_name", "company", "title", "location")}
    blocked, default = _words("Hi {firstName}, shall we?", values), _words("Hi {firstName|there}, shall we?", values)
    return None if blocked == "" and default == "Hi there, shall we?" else f"{value!r}: {blocked!r} and {default!r}"


def value_stays(value):
    people, refused = read(table(["First Name", "Last Name", "URL", "Company"], [[value, "Probe", U + "ada-probe-77", "Acme"]]))
    values = {name: getattr(people[0], name) for name in ("first_name", "last_name", "company", "title", "location")} if people else NOBODY
    got = _words("Hi {firstName}, shall we?", values)
    return None if got == f"Hi {value}, shall we?" else f"{value!r}: {got!r}"


def entities_are_read(raw, wanted):
    people, refused = read(table(["First Name", "Last Name", "URL", "Company"], [["Ada", "Probe", U + "ada-probe-77", raw]]))
    return None if not people or people[0].company == wanted else f"{raw!r} stays {people[0].company!r}, wanted {wanted!r}"


# T08 ---------------------------------------------------------------------------------------------------------------
def person_is(listed, shown, wanted, *, asked="ACwAAB3xPrObEaAAAAAAAAAAAAAAAAAAAAAA111", answered="ACoAAC9yTeStQbBBBBBBBBBBBBBBBBBBBBBB222", vanity=None, shown_vanity="somebody"):
    """`listed` and `shown`: first and last name. The ids differ unless they are given, so that the names decide."""
    from services.sender.rules.identity_check import is_same_member
    from services.sender.rules.recipients import LinkedInRecipient
    from shared.unipile.models import Profile
    recipient = LinkedInRecipient(
        provider_id=None, looked_up=False, lookup_key=vanity or asked, vanity=vanity, first_name=listed[0], last_name=listed[1], invitation_ref=None)
    got = bool(is_same_member(recipient, Profile(provider_id=answered, public_identifier=shown_vanity, first_name=shown[0], last_name=shown[1])))
    return None if got is wanted else f"listed {' '.join(listed)!r}, shown {' '.join(shown)!r}: taken for {'the person' if got else 'somebody else'}"


# T09 ---------------------------------------------------------------------------------------------------------------
def greeted(header, value, accepted):
    people, refused = read(table([header, "URL"] if header != "First Name" else ["First Name", "Last Name", "URL"],
                                 [[value, U + "ada-probe-77"]] if header != "First Name" else [[value, "Schmidt", U + "ada-probe-77"]]))
    got = people[0].first_name if people else None
    return None if got in accepted else f"{header} {value!r}: greeted as {got!r}, wanted one of {accepted}"


# T14 ---------------------------------------------------------------------------------------------------------------
def reply_is(text, *wanted):
    from services.poller.rules.classify import classify
    got = str(classify(text))
    return None if got in wanted else f"{text!r} counts as {got}, wanted {' or '.join(wanted)}"


# T15 ---------------------------------------------------------------------------------------------------------------
def zone_is(header, row, *wanted):
    """One of the zones, or none: never another one's clocks."""
    people, refused = read(table(["First Name", "URL", *header], [["Ada", U + "ada-probe-77", *row]]))
    got = people[0].timezone if people else None
    return None if got in ("", None, *wanted) else f"{dict(zip(header, row))}: {got}, wanted {wanted or 'none'}"


# T04, X02 ----------------------------------------------------------------------------------------------------------
GOOD = {"object": "Message", "id": "good-1", "account_id": "a", "chat_id": "c2", "sender_id": "ACoAATROUBLE1", "text": "Yes, call me", "timestamp": "2026-03-10T15:00:00.000Z", "is_sender": 0}


def page_is_read(**odd):
    """A page with one odd message beside a good one shows the good one. A key with the value ... is left out of the odd message."""
    from pydantic import ValidationError
    from shared.unipile.models import ListedMessage, ProviderPage
    bad = {**GOOD, "id": "odd-1", "chat_id": "c1", "text": None, **odd}
    bad = {key: value for key, value in bad.items() if value is not ...}
    try:
        page = ProviderPage[ListedMessage].model_validate_json(json.dumps({"object": "MessageList", "cursor": None, "items": [GOOD, bad]}))
    except ValidationError as error:
        return f"the page is unreadable because of {odd}: {error.errors()[0]['msg']}"
    return None if "good-1" in [item.id for item in page.items] else "the good message is missing"


def group_answers_nobody(attendees, answer=None, **extra):
    from services.poller.rules.translation import message_of_webhook
    from shared.unipile.webhooks import read_webhook
    body = {"account_id": "acc", "event": "message_received", "chat_id": "g", "message_id": "m", "message": "Ha, great photo", "timestamp": "2026-03-10T16:05:00.000Z",
            "sender": {"attendee_provider_id": "ACoAATROUBLE1"}, "attendees": [{"attendee_provider_id": f"ACoAATROUBLE{n}"} for n in range(1, attendees + 1)], **extra}
    got = message_of_webhook(read_webhook(json.dumps(body).encode(), None), body).may_be_reply
    wanted = attendees <= 1 if answer is None else answer
    return None if got is wanted else f"{attendees} attendees beside the account, {extra}: {'an answer' if got else 'no answer'}"


# X03 ---------------------------------------------------------------------------------------------------------------
def not_found_concerns(detail, wanted, *, title="Resource not found"):
    from shared.unipile.errors import classify
    got = str(classify(404, "errors/resource_not_found", write=True, wording=f"{title} {detail}").blame)
    return None if got == wanted else f"{detail!r} concerns the {got}, wanted the {wanted}"


# X05, X24 ----------------------------------------------------------------------------------------------------------
def title_is(header, row, wanted):
    people, refused = read(table(["First Name", "URL", *header], [["Ada", U + "ada-probe-77", *row]]))
    got = people[0].title if people else None
    return None if got == wanted else f"{dict(zip(header, row))}: title {got!r}, wanted {wanted!r}"


def help_of_column_is_true():
    """The field that `tact import --help` shows as an example can be used."""
    text = "".join(file.read_text(encoding="utf-8") for file in Path("cli").rglob("*.py"))
    for field in re.findall(r"(\w+)='Profil-Adresse'", text):
        people, refused = read(table(["First Name", "Web Page"], [["Ada", U + "ada-probe-77"]]), columns={field: "Web Page"})
        if not people:
            return f"--column {field}='Web Page': {refused[0][:90]}"
    return None


def play(cases):
    """Run every (name, check, args, kwargs); the last line is 'N ok, M failed: names'."""
    ok, failed = 0, []
    for name, check, *rest in cases:
        args = rest[0] if rest else ()
        kwargs = rest[1] if len(rest) > 1 else {}
        try:
            wrong = check(*args, **kwargs)
        except Exception as error:  # a function that is gone or changed shows as failed, with its error
            wrong = f"{type(error).__name__}: {error}"
        if wrong is None:
            ok += 1
        else:
            failed.append(name)
            print(f"  {name}: {wrong}")
    return ok, failed


def said(ok, failed):
    print(f"{ok} ok, {len(failed)} failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0
