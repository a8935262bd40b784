"""Every error type of the provider has its class and its action: one case per row of UNIPILE.md §3.2."""

from datetime import timedelta

import pytest

from shared.unipile.errors import TABLE, ProviderSilent, UnreadableAnswer, classify
from shared.unipile.findings import HOURS, QUOTA, WEEKLY_CAP, Blame, CallSubject, Remedy
from shared.vocabulary import Action

RECIPIENT, ACCOUNT, TENANT, OURS, TRANSIENT, UNKNOWN = Blame
R = Remedy

# type, status, blame, remedy: the same on a write and on a read
ROWS = [
    ("invalid_parameters", 400, OURS, R.REPORT_REQUEST),
    ("missing_parameters", 400, OURS, R.REPORT_REQUEST),
    ("invalid_request", 400, OURS, R.REPORT_REQUEST),
    ("malformed_request", 400, OURS, R.REPORT_REQUEST),
    ("content_too_large", 400, OURS, R.REPORT_REQUEST),
    ("invalid_url", 400, OURS, R.REPORT_REQUEST),
    ("too_many_characters", 400, OURS, R.REPORT_REQUEST),
    ("unescaped_characters", 400, OURS, R.REPORT_REQUEST),
    ("limit_too_high", 400, OURS, R.REPORT_REQUEST),
    ("invalid_action", 400, OURS, R.REPORT_REQUEST),
    ("invalid_label", 400, OURS, R.REPORT_REQUEST),
    ("missing_credentials", 401, TENANT, R.STOP_EVERYTHING),
    ("invalid_credentials", 401, ACCOUNT, R.PAUSE_ACCOUNT),
    ("expired_credentials", 401, ACCOUNT, R.PAUSE_ACCOUNT),
    ("multiple_sessions", 401, ACCOUNT, R.PAUSE_ACCOUNT),
    ("wrong_account", 401, ACCOUNT, R.PAUSE_ACCOUNT),
    ("disconnected_account", 401, ACCOUNT, R.PAUSE_ACCOUNT),
    ("disconnected_feature", 401, ACCOUNT, R.PAUSE_ACCOUNT),
    ("checkpoint_error", 401, ACCOUNT, R.PAUSE_ACCOUNT),
    ("invalid_checkpoint_solution", 401, ACCOUNT, R.PAUSE_ACCOUNT),
    ("captcha_not_supported", 401, ACCOUNT, R.PAUSE_ACCOUNT),
    ("invalid_proxy_credentials", 401, ACCOUNT, R.PAUSE_ACCOUNT),
    ("insufficient_privileges", 401, ACCOUNT, R.FEATURE_MISSING),
    ("invalid_imap_configuration", 401, ACCOUNT, R.PAUSE_ACCOUNT),
    ("invalid_smtp_configuration", 401, ACCOUNT, R.PAUSE_ACCOUNT),
    ("invalid_credentials_but_valid_account_imap", 401, ACCOUNT, R.PAUSE_ACCOUNT),
    ("expired_link", 401, OURS, R.REPORT_REQUEST),
    ("account_restricted", 403, ACCOUNT, R.PAUSE_ACCOUNT),
    ("account_mismatch", 403, ACCOUNT, R.PAUSE_ACCOUNT),
    ("session_mismatch", 403, ACCOUNT, R.PAUSE_ACCOUNT),
    ("insufficient_permissions", 403, ACCOUNT, R.FEATURE_MISSING),
    ("feature_not_subscribed", 403, ACCOUNT, R.FEATURE_MISSING),
    ("subscription_required", 403, ACCOUNT, R.FEATURE_MISSING),
    ("unknown_authentication_context", 403, ACCOUNT, R.PAUSE_ACCOUNT),
    ("action_required", 403, ACCOUNT, R.PAUSE_ACCOUNT),
    ("resource_access_restricted", 403, RECIPIENT, R.STOP_SEND),
    ("resource_not_found", 404, RECIPIENT, R.STOP_SEND),
    ("invalid_resource_identifier", 404, RECIPIENT, R.RE_RESOLVE),
    ("unsupported_media_type", 415, OURS, R.REPORT_REQUEST),
    ("auth_in_progress", 425, TRANSIENT, R.RETRY_LATER),
    ("already_invited_recently", 422, RECIPIENT, R.ALREADY_PENDING),
    ("already_connected", 422, RECIPIENT, R.ALREADY_CONNECTED),
    ("cannot_resend_yet", 422, ACCOUNT, R.COOL_DOWN),
    ("cannot_resend_within_24hrs", 422, RECIPIENT, R.WAIT_24H),
    ("limit_exceeded", 422, ACCOUNT, R.COOL_DOWN),
    ("connection_limit_reached", 422, ACCOUNT, R.COOL_DOWN),
    ("insufficient_credits", 422, ACCOUNT, R.WAIT_FOR_CREDITS),
    ("invalid_recipient", 422, RECIPIENT, R.RE_RESOLVE),
    ("no_connection_with_recipient", 422, RECIPIENT, R.WAIT_FOR_CONNECTION),
    ("blocked_recipient", 422, RECIPIENT, R.STOP_SEND),
    ("user_unreachable", 422, RECIPIENT, R.STOP_SEND),
    ("cannot_invite_attendee", 422, RECIPIENT, R.STOP_SEND),
    ("not_allowed_inmail", 422, RECIPIENT, R.STOP_SEND),
    ("invalid_account", 422, ACCOUNT, R.PAUSE_ACCOUNT),
    ("invalid_message", 422, OURS, R.REPORT_REQUEST),
    ("invalid_post", 422, OURS, R.REPORT_REQUEST),
    ("invalid_thread", 422, OURS, R.REPORT_REQUEST),
    ("invalid_folder", 422, OURS, R.REPORT_REQUEST),
    ("unprocessable_entity", 422, OURS, R.REPORT_REQUEST),
    ("action_already_performed", 422, RECIPIENT, R.ALREADY_DONE),
    ("payment_error", 422, ACCOUNT, R.FEATURE_MISSING),
    ("comments_disabled", 422, RECIPIENT, R.STOP_SEND),
    ("insufficient_job_slot", 422, ACCOUNT, R.FEATURE_MISSING),
    ("limit_too_high", 422, OURS, R.REPORT_REQUEST),
    ("unauthorized", 422, ACCOUNT, R.PAUSE_ACCOUNT),
    ("cant_send_message", 422, RECIPIENT, R.STOP_SEND),
    ("realtime_client_not_initialized", 422, TRANSIENT, R.RETRY_LATER),
    ("parent_mail_not_found", 422, OURS, R.REPORT_REQUEST),
    ("invalid_reply_subject", 422, OURS, R.REPORT_REQUEST),
    ("invalid_headers", 422, OURS, R.REPORT_REQUEST),
    ("send_as_denied", 422, ACCOUNT, R.PAUSE_ACCOUNT),
    ("sender_rejected", 422, ACCOUNT, R.PAUSE_ACCOUNT),
    ("recipient_rejected", 422, RECIPIENT, R.STOP_SEND),
    ("ip_rejected_by_server", 422, ACCOUNT, R.COOL_DOWN),
    ("provider_unreachable", 422, TRANSIENT, R.RETRY_LATER),
    ("account_configuration_error", 422, ACCOUNT, R.PAUSE_ACCOUNT),
    ("too_many_requests", 429, ACCOUNT, R.COOL_DOWN),
    ("feature_not_implemented", 501, ACCOUNT, R.FEATURE_MISSING),
]

OPEN_ON_A_WRITE = [
    ("request_timeout", 408),
    ("unexpected_error", 500),
    ("provider_error", 500),
    ("authentication_intent_error", 500),
    ("proxy_error", 502),
    ("no_client_session", 503),
    ("no_channel", 503),
    ("no_handler", 503),
    ("network_down", 503),
    ("service_unavailable", 503),
    ("request_timeout", 504),
]


@pytest.mark.parametrize(("slug", "status", "blame", "remedy"), ROWS)
def test_each_definite_type_has_its_class_and_its_action(slug: str, status: int, blame: Blame, remedy: Remedy) -> None:
    for write in (True, False):
        finding = classify(status, f"errors/{slug}", write=write)
        assert (finding.blame, finding.remedy) == (blame, remedy)
        assert not finding.may_have_happened
    assert status in TABLE[slug].statuses


@pytest.mark.parametrize(("slug", "status"), OPEN_ON_A_WRITE)
def test_an_outage_leaves_a_write_open_and_lets_a_read_try_later(slug: str, status: int) -> None:
    on_write, on_read = (classify(status, f"errors/{slug}", write=write) for write in (True, False))
    assert (on_write.blame, on_write.remedy, on_write.may_have_happened) == (UNKNOWN, R.LOOK_UP, True)
    assert (on_read.blame, on_read.remedy, on_read.may_have_happened) == (TRANSIENT, R.RETRY_LATER, False)
    assert status in TABLE[slug].statuses


def test_the_rows_tested_are_all_the_rows_there_are() -> None:
    assert {(slug, status) for slug, status, *_ in ROWS} | set(OPEN_ON_A_WRITE) == {
        (slug, status) for slug, row in TABLE.items() for status in row.statuses
    }


def test_every_cool_down_says_how_long_and_nothing_else_does() -> None:
    for slug, row in TABLE.items():
        assert (row.finding.cool_down is not None) == (row.finding.remedy is R.COOL_DOWN), slug
        assert (row.finding.wait is not None) == (row.finding.remedy is R.WAIT_24H), slug


@pytest.mark.parametrize(
    ("status", "blame", "remedy"),
    [
        (400, OURS, R.REPORT_REQUEST),
        (401, ACCOUNT, R.PAUSE_ACCOUNT),
        (403, ACCOUNT, R.FEATURE_MISSING),
        (404, RECIPIENT, R.STOP_SEND),
        (409, OURS, R.REPORT_REQUEST),
        (422, OURS, R.REPORT_REQUEST),
        (425, TRANSIENT, R.RETRY_LATER),
        (429, ACCOUNT, R.COOL_DOWN),
        (501, ACCOUNT, R.FEATURE_MISSING),
        (408, UNKNOWN, R.LOOK_UP),
        (500, UNKNOWN, R.LOOK_UP),
        (504, UNKNOWN, R.LOOK_UP),
        (599, UNKNOWN, R.LOOK_UP),
    ],
)
def test_a_type_nobody_knows_is_judged_by_its_status(status: int, blame: Blame, remedy: Remedy) -> None:
    finding = classify(status, "errors/invented_tomorrow", write=True)
    assert (finding.blame, finding.remedy) == (blame, remedy)


@pytest.mark.parametrize(
    ("status", "blame", "remedy"),
    [
        (302, OURS, R.STOP_EVERYTHING),
        (400, OURS, R.REPORT_REQUEST),
        (401, TENANT, R.STOP_EVERYTHING),
        (403, TRANSIENT, R.RETRY_LATER),
        (404, OURS, R.STOP_EVERYTHING),
        (405, OURS, R.STOP_EVERYTHING),
        (429, ACCOUNT, R.COOL_DOWN),
        (501, UNKNOWN, R.LOOK_UP),
        (502, UNKNOWN, R.LOOK_UP),
    ],
)
def test_an_answer_without_a_type_is_not_taken_for_a_word_about_a_person(status: int, blame: Blame, remedy: Remedy) -> None:
    finding = classify(status, None, write=True)
    assert (finding.blame, finding.remedy) == (blame, remedy)


def test_an_unknown_outage_lets_a_read_try_later() -> None:
    for type_ in (None, "errors/invented_tomorrow"):
        for status in (408, 500, 520):
            assert classify(status, type_, write=False).remedy is R.RETRY_LATER


def test_a_definite_type_under_a_5xx_is_not_believed_on_a_write() -> None:
    assert classify(500, "errors/limit_exceeded", write=True).remedy is R.LOOK_UP
    assert classify(408, "errors/checkpoint_error", write=True).remedy is R.LOOK_UP


def test_a_known_type_is_believed_under_another_4xx() -> None:
    assert classify(400, "errors/already_invited_recently", write=True).remedy is R.ALREADY_PENDING


def test_a_type_is_known_with_and_without_its_prefix() -> None:
    assert classify(422, "limit_exceeded", write=True) == classify(422, "errors/limit_exceeded", write=True)


def test_a_404_is_about_what_the_call_names() -> None:
    found = {subject: classify(404, "errors/resource_not_found", write=False, subject=subject) for subject in CallSubject}
    assert found[CallSubject.PERSON].remedy is R.STOP_SEND
    assert found[CallSubject.INVITATION].remedy is R.ALREADY_DONE
    assert found[CallSubject.CHAT].remedy is R.RE_RESOLVE
    assert (found[CallSubject.ACCOUNT].blame, found[CallSubject.ACCOUNT].remedy) == (ACCOUNT, R.PAUSE_ACCOUNT)
    assert found[CallSubject.TENANT].blame is OURS


def test_a_deleted_account_does_not_use_up_its_prospects_one_404_at_a_time() -> None:
    finding = classify(404, "errors/resource_not_found", write=True, wording="Resource not found Account not found")
    assert (finding.blame, finding.remedy) == (ACCOUNT, R.PAUSE_ACCOUNT)


def test_the_invitation_throttle_starts_at_six_hours_and_doubles_to_three_days() -> None:
    finding = classify(422, "errors/cannot_resend_yet", write=True)
    assert finding.look_first
    assert finding.cool_down is WEEKLY_CAP
    assert [WEEKLY_CAP.rest(Action.INVITATION, level=level) / timedelta(hours=1) for level in range(6)] == [6, 12, 24, 48, 72, 72]


def test_every_limit_signal_rests_invitations_the_same_and_a_used_up_quota_anything_else_a_day() -> None:
    for signal in (WEEKLY_CAP, QUOTA, HOURS):
        assert [signal.rest(Action.INVITATION, level=level) / timedelta(hours=1) for level in range(6)] == [6, 12, 24, 48, 72, 72]
    assert QUOTA.rest(Action.MESSAGE) == QUOTA.rest(None) == timedelta(days=1)


def test_a_throttle_backs_off_hours_not_seconds() -> None:
    assert timedelta(hours=1) <= HOURS.rest(Action.MESSAGE) <= HOURS.rest(Action.MESSAGE, level=10**6) <= timedelta(days=1)


def test_a_negative_level_of_a_cool_down_is_refused() -> None:
    with pytest.raises(ValueError, match="starts at 0"):
        HOURS.rest(Action.MESSAGE, level=-1)


@pytest.mark.parametrize(
    ("started", "write", "remedy"),
    [(True, True, R.LOOK_UP), (True, False, R.RETRY_LATER), (False, True, R.RETRY_LATER), (False, False, R.RETRY_LATER)],
)
def test_silence_leaves_only_a_started_write_open(*, started: bool, write: bool, remedy: Remedy) -> None:
    assert ProviderSilent("send an invitation", started=started, write=write, cause="cut").finding.remedy is remedy


def test_an_unreadable_answer_leaves_a_write_open() -> None:
    for write, remedy in ((True, R.LOOK_UP), (False, R.RETRY_LATER)):
        error = UnreadableAnswer("send an invitation", status=201, write=write, why="not JSON", body_excerpt="")
        assert error.finding.remedy is remedy
