"""The life of a posting: what may follow what, and what may not."""

import pytest

from audit.states import (
    IN_FLIGHT,
    MOVES,
    NEEDS_PERSON,
    OPEN,
    UNSENT,
    IllegalMove,
    State,
    check_move,
)


def test_every_state_stands_in_the_table():
    assert set(MOVES) == set(State)


def test_what_was_replaced_stays_replaced():
    assert MOVES[State.SUPERSEDED] == frozenset()


def test_a_posted_document_is_only_ever_replaced_by_a_newer_posting():
    assert MOVES[State.POSTED] == {State.SUPERSEDED}


@pytest.mark.parametrize("state", sorted(IN_FLIGHT))
def test_nobody_can_set_aside_or_replace_what_may_have_been_sent(state):
    assert not MOVES[state] & {State.IGNORED, State.SUPERSEDED, State.WITHDRAWN}


@pytest.mark.parametrize("state", sorted(NEEDS_PERSON))
def test_what_needs_a_person_never_goes_out_without_one(state):
    assert State.SENDING not in MOVES[state]


def test_in_doubt_is_left_only_by_a_look_up_or_by_the_identical_call():
    assert MOVES[State.IN_DOUBT] == {
        State.POSTED,
        State.SENDING,
        State.READY,
        State.QUARANTINED,
    }


def test_open_is_made_of_what_is_in_flight_and_what_is_not():
    assert IN_FLIGHT | UNSENT == OPEN
    assert not IN_FLIGHT & UNSENT


def test_a_move_that_the_table_does_not_know_is_refused_by_name():
    with pytest.raises(IllegalMove, match="posted to ready"):
        check_move(frozenset({State.POSTED}), State.READY)
