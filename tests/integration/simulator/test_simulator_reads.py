"""What the lists show, page by page, in the shapes of UNIPILE §2."""

import re
from base64 import b64decode
from typing import Any

import orjson

from tests.integration.simulator.simulator_process import ANA, FRIEND, Simulator, until

EXACT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def pages(simulator: Simulator, path: str, **query: str | int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All items of a list, and the decoded cursors between its pages."""
    items: list[dict[str, Any]] = []
    cursors: list[dict[str, Any]] = []
    body = (await simulator.get(path, **query)).json()
    while True:
        items += body["items"]
        if body["cursor"] is None:
            return items, cursors
        cursors.append(orjson.loads(b64decode(body["cursor"], validate=True)))
        body = (await simulator.get(path, cursor=body["cursor"])).json()


async def test_a_profile_is_the_person_asked_for_under_every_spelling(simulator: Simulator) -> None:
    answers = [(await simulator.get(f"/users/{who}")).json() for who in ("ana-nunez", ANA, ANA.replace("ACo", "ACw"), "Ana-Nunez/")]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["object"] == "UserProfile"
    assert (answers[0]["provider_id"], answers[0]["public_identifier"]) == (ANA, "ana-nunez")
    assert "work_experience" not in answers[0]
    assert "invitation" not in answers[0]
    assert (await simulator.get("/users/ana-nunez", linkedin_sections="*")).json()["work_experience"]


async def test_an_escaped_vanity_in_another_script_is_read(simulator: Simulator) -> None:
    answer = (await simulator.get("/users/%D0%B0%D0%BD%D0%BD%D0%B0-%D0%B8%D0%B2%D0%B0%D0%BD%D0%BE%D0%B2%D0%B0")).json()
    assert (answer["public_identifier"], answer["first_name"], answer["last_name"]) == ("анна-иванова", "Анна", "Иванова")


async def test_a_profile_shows_the_invitation_and_later_the_relation(simulator: Simulator) -> None:
    await simulator.invite()
    assert (await simulator.get("/users/ana-nunez")).json()["invitation"] == {"type": "SENT", "status": "PENDING"}
    await simulator.lever("/people/ana-nunez/accept", account_id="acc-premium")
    profile = (await simulator.get("/users/ana-nunez")).json()
    assert (profile["network_distance"], profile["is_relationship"]) == ("FIRST_DEGREE", True)
    assert "invitation" not in profile


async def test_relations_come_newest_first_without_a_provider_id(simulator: Simulator) -> None:
    await simulator.invite()
    await simulator.lever("/people/ana-nunez/accept", account_id="acc-premium")
    items, cursors = await pages(simulator, "/users/relations", limit=1)
    assert [item["member_id"] for item in items] == [ANA, FRIEND]
    assert cursors == [{"limit": 1, "startIndex": 1}]
    assert isinstance(items[0]["created_at"], int)
    assert "provider_id" not in items[0]


async def test_the_sent_list_lags_and_shows_only_what_is_pending(simulator: Simulator) -> None:
    invitation = (await simulator.invite(message="Hello")).json()
    assert re.fullmatch(r"\d{19}", invitation["invitation_id"])
    assert (await simulator.get("/users/invite/sent")).json() == {"object": "InvitationList", "items": [], "cursor": None}
    await simulator.levers.put("/behaviour", json={"invite_list_lag_s": 0})
    (item,) = (await simulator.get("/users/invite/sent")).json()["items"]
    assert (item["object"], item["id"], item["invited_user_id"]) == ("InvitationSent", invitation["invitation_id"], ANA)
    assert item["invitation_text"] is None
    assert EXACT.fullmatch(item["parsed_datetime"])
    await simulator.lever("/people/ana-nunez/accept", account_id="acc-premium")
    assert (await simulator.get("/users/invite/sent")).json()["items"] == []


async def test_sent_invitations_are_paged_by_index_newest_first(simulator: Simulator) -> None:
    await simulator.levers.put("/behaviour", json={"invite_list_lag_s": 0})
    sent = [(await simulator.invite(f"ACoAAPerson{n:06d}")).json()["invitation_id"] for n in range(5)]
    items, cursors = await pages(simulator, "/users/invite/sent", limit=2)
    assert [item["id"] for item in items] == sent[::-1]
    assert cursors == [{"limit": 2, "cursor": 2}, {"limit": 2, "cursor": 4}]


async def test_a_received_invitation_can_be_accepted_with_its_secret(simulator: Simulator) -> None:
    await simulator.lever("/people/ana-nunez/invite", account_id="acc-premium", text="Hi")
    (item,) = (await simulator.get("/users/invite/received")).json()["items"]
    path, body = f"/users/invite/received/{item['id']}", {"provider": "LINKEDIN", "account_id": "acc-premium", "action": "accept"}
    assert (await simulator.api.post(path, json={**body, "shared_secret": "guessed"})).status_code == 400
    taken = await simulator.api.post(path, json={**body, "shared_secret": item["specifics"]["shared_secret"]})
    assert taken.json() == {"object": "UserInvitationHandled", "status": "ACCEPTED"}
    assert (await simulator.get("/users/ana-nunez")).json()["is_relationship"] is True


async def test_one_chat_per_person_and_its_messages_newest_first(simulator: Simulator) -> None:
    first, second = (await simulator.write(text="One")).json(), (await simulator.write(text="Two")).json()
    assert (first["object"], first["chat_id"]) == ("ChatStarted", second["chat_id"])
    third = await simulator.api.post(f"/chats/{first['chat_id']}/messages", files={"text": (None, "Three")})
    assert (third.status_code, third.json()["object"]) == (201, "MessageSent")
    await simulator.lever("/people/friend-of-tom/reply", account_id="acc-premium", text="Four")
    items, cursors = await pages(simulator, f"/chats/{first['chat_id']}/messages", limit=3)
    assert [(item["text"], item["is_sender"]) for item in items] == [("Four", 0), ("Three", 1), ("Two", 1), ("One", 1)]
    assert set(cursors[0]) == {"account_id", "limit", "cursor"}
    assert all(EXACT.fullmatch(item["timestamp"]) for item in items)
    assert "quoted" not in items[0]


async def test_messages_can_be_narrowed_by_moment_and_sender(simulator: Simulator) -> None:
    await simulator.write(text="One")
    await simulator.lever("/people/friend-of-tom/reply", account_id="acc-premium", text="Two")
    newest, oldest = (await simulator.get("/messages")).json()["items"]
    assert [item["text"] for item in (await simulator.get("/messages", after=oldest["timestamp"])).json()["items"]] == ["Two"]
    assert [item["text"] for item in (await simulator.get("/messages", before=newest["timestamp"])).json()["items"]] == ["One"]
    chat = newest["chat_id"]
    assert [one["text"] for one in (await simulator.get(f"/chats/{chat}/messages", sender_id=FRIEND)).json()["items"]] == ["Two"]


async def test_chats_come_by_last_activity_across_accounts_and_pages(simulator: Simulator) -> None:
    friends = [{"public_identifier": f"friend-{n}", "connected_to": ["acc-free", "acc-premium"], "replies_to": None} for n in range(3)]
    ids = [item["provider_id"] for item in (await simulator.levers.post("/people", json=friends)).json()["items"]]
    order = [(ids[0], "acc-free"), (ids[1], "acc-premium"), (ids[2], "acc-free"), (ids[0], "acc-free")]
    for recipient, account in order:
        await simulator.write(recipient, account=account)
    body = (await simulator.api.get("/chats", params={"limit": 2})).json()
    rest = (await simulator.api.get("/chats", params={"cursor": body["cursor"]})).json()
    shown = [(chat["attendee_provider_id"], chat["account_id"]) for chat in body["items"] + rest["items"]]
    assert shown == [(ids[0], "acc-free"), (ids[2], "acc-free"), (ids[1], "acc-premium")]
    assert rest["cursor"] is None
    assert set(body["items"][0]) >= {"object", "provider_id", "timestamp", "unread_count", "archived", "type", "read_only", "pinned"}
    assert "attendees" not in body["items"][0]


async def test_a_chat_is_unread_until_it_is_marked(simulator: Simulator) -> None:
    chat = (await simulator.write()).json()["chat_id"]
    await simulator.lever("/people/friend-of-tom/reply", account_id="acc-premium")
    assert [one["id"] for one in (await simulator.get("/chats", unread="true")).json()["items"]] == [chat]
    marked = await simulator.api.patch(f"/chats/{chat}", json={"action": "setReadStatus", "value": True})
    assert marked.json() == {"object": "ChatPatched"}
    assert (await simulator.get("/chats", unread="true")).json()["items"] == []
    shown = (await simulator.api.get(f"/chats/{chat}")).json()
    assert (shown["unread_count"], shown["lastMessage"]["is_sender"]) == (0, 0)


async def test_a_chat_is_found_by_the_providers_id_together_with_the_account(simulator: Simulator) -> None:
    chat = (await simulator.write()).json()["chat_id"]
    provider_id = (await simulator.api.get(f"/chats/{chat}")).json()["provider_id"]
    assert (await simulator.get(f"/chats/{provider_id}")).json()["id"] == chat
    assert (await simulator.api.get(f"/chats/{provider_id}")).status_code == 404


async def test_attendees_speak_of_distance_in_words_of_their_own(simulator: Simulator) -> None:
    chat = (await simulator.write()).json()["chat_id"]
    of_chat = (await simulator.api.get(f"/chats/{chat}/attendees")).json()
    assert [(one["provider_id"] == FRIEND, one["is_self"]) for one in of_chat["items"]] == [(True, 0), (False, 1)]
    everybody = (await simulator.get("/chat_attendees")).json()
    assert everybody["items"][0]["specifics"]["network_distance"] == "DISTANCE_1"


async def test_accounts_show_their_sources_and_their_owner(simulator: Simulator) -> None:
    body = (await simulator.api.get("/accounts", params={"limit": 1})).json()
    more = (await simulator.api.get("/accounts", params={"cursor": body["cursor"]})).json()
    assert [(one["object"], one["id"]) for one in body["items"] + more["items"]] == [("Account", "acc-free"), ("Account", "acc-premium")]
    assert body["items"][0]["sources"] == [{"id": "acc-free_MESSAGING", "status": "OK"}]
    me = (await simulator.get("/users/me")).json()
    assert (me["object"], me["first_name"], me["premium"]) == ("AccountOwnerProfile", "Tom", True)
    assert more["items"][0]["connection_params"]["im"]["id"] == me["provider_id"]


async def test_people_accept_and_reply_by_themselves_in_the_clock_of_the_business(simulator: Simulator) -> None:
    await simulator.levers.post("/people", json={"public_identifier": "ana-nunez", "accepts_after_s": 0.05, "replies_to": {"1": 0.05}})
    await simulator.invite()

    async def accepted() -> bool:
        return (await simulator.get("/users/ana-nunez")).json()["is_relationship"] is True

    await until(accepted)
    await simulator.write(ANA)

    async def replied() -> bool:
        return bool(await simulator.entries(kind="replied"))

    await until(replied)
    assert [entry["person"] for entry in await simulator.entries(kind="accepted")] == [ANA]
