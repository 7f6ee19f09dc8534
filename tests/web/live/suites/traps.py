"""The traps that a stock server lays, in the numbers of the design, and the tests that hold Rookery out of each."""

import attrs

SERVE = "tests/web/serving/test_serve.py"
LANE = "tests/web/serving/test_lane.py"
REQUEST = "tests/web/serving/test_request.py"
LIVE = "tests/web/live/test_websocket.py"
HERE = "tests/web/live/suites/test_traps.py"


@attrs.frozen(kw_only=True)
class Trap:
    """One trap."""

    what: str
    tests: tuple[str, ...]
    """`file::test`, each on a real socket unless the trap is none of sockets."""
    lane_alone: str | None = None
    """Why Hypercorn's own protocols cannot keep out of it; None where the tests run over both."""


TRAPS = {
    1: Trap(
        what="a client that stops reading blocks its sender, and the shutdown, for ever",
        tests=(
            f"{SERVE}::test_a_client_that_takes_nothing_is_cut",
            f"{SERVE}::test_shutdown_waits_no_longer_than_its_grace",
            f"{LIVE}::test_a_client_that_takes_nothing_is_cut",
            f"{LIVE}::test_shutdown_does_not_wait_for_a_client_that_does_not_read",
            f"{HERE}::test_a_client_that_stops_reading_delays_nobody",
        ),
    ),
    2: Trap(
        what="a socket whose handler does not read stops answering pings",
        tests=(f"{HERE}::test_pings_are_answered_whatever_waits", f"{LIVE}::test_too_many_messages_close"),
    ),
    3: Trap(
        what="pongs are not looked at, so dead peers stay",
        tests=(
            f"{LIVE}::test_a_peer_that_does_not_even_answer_pings_is_closed",
            f"{LIVE}::test_pongs_alone_keep_a_client_that_says_nothing",
        ),
    ),
    4: Trap(
        what="streams are cut after the framework's minute",
        tests=(
            f"{HERE}::test_no_stream_is_cut_by_the_time_that_answers_have",
            f"{HERE}::test_a_recording_may_be_taken_slowly",
        ),
    ),
    5: Trap(
        what="a client that leaves cancels what it asked for",
        tests=(
            f"{HERE}::test_commands_survive_the_client_that_sent_them",
            f"{HERE}::test_a_write_survives_the_client_that_asked_for_it",
        ),
    ),
    6: Trap(
        what="the real error is lost among cancellations",
        tests=(f"{HERE}::test_an_error_among_cancellations_is_logged_and_told_as_ours",),
    ),
    7: Trap(what="background tasks swallow errors", tests=(f"{HERE}::test_no_task_runs_outside_the_tree",)),
    8: Trap(
        what="the lifespan ends only after all connections have",
        tests=(
            f"{SERVE}::test_it_answers_and_ends_with_the_lifespan_last",
            f"{SERVE}::test_no_connection_is_taken_after_the_end_began",
            f"{LIVE}::test_shutdown_says_goodbye_and_closes",
            "tests/web/routes/test_health.py::test_a_service_that_stops_is_alive_but_not_ready",
            "tests/flow/test_restarts.py::test_a_rolling_restart_under_load_loses_no_event_and_tells_none_twice",
        ),
    ),
    9: Trap(
        what="a scope that is open across the yield of a body cancels somebody else",
        tests=(f"{HERE}::test_no_scope_is_open_while_a_body_yields",),
    ),
    10: Trap(
        what="a parser of requests refuses nothing by itself",
        tests=(
            f"{REQUEST}::test_what_is_refused",
            f"{REQUEST}::test_the_lane_accepts_nothing_that_h11_refuses",
            f"{LANE}::test_what_is_no_request_is_refused_and_the_connection_ends",
            f"{LANE}::test_nothing_is_smuggled_past_what_h11_sees",
            f"{LANE}::test_requests_sent_ahead_are_answered_in_order",
            f"{LANE}::test_a_peer_that_waits_is_told_to_go_on",
            f"{LANE}::test_answers_without_a_body_have_none",
            f"{LANE}::test_no_header_of_the_app_smuggles_another",
        ),
        lane_alone="Hypercorn parses with h11, which is the oracle of these tests",
    ),
    11: Trap(
        what="compression is agreed on, at the price of a window for each client",
        tests=(
            f"{HERE}::test_no_compression_is_agreed_on",
            f"{HERE}::test_a_client_that_wants_compression_reads_the_feed",
        ),
        lane_alone="Hypercorn always agrees; what it then gets is still right, which the second test holds for both",
    ),
    12: Trap(
        what="an upgrade with a body ends the whole server",
        tests=(f"{SERVE}::test_one_connections_failure_is_its_own",),
    ),
    13: Trap(
        what="connections that are to end stay, and bad handshakes are taken",
        tests=(
            f"{HERE}::test_a_connection_ends_that_was_to_end",
            f"{HERE}::test_what_follows_the_last_request_spoils_nothing",
            f"{HERE}::test_a_handshake_with_a_bad_key_is_none",
            f"{LANE}::test_a_silent_body_is_refused",
        ),
        lane_alone="these are faults of Hypercorn's protocols themselves; nothing stands between them and the line",
    ),
    14: Trap(
        what="libraries that leak, load from elsewhere, or need asyncio",
        tests=(f"{HERE}::test_no_library_with_a_trap_is_used",),
    ),
}
