"""How fast the engine looks, waits and gives up: every number of it in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds unless the name says otherwise. Tests shorten them; nobody else needs to."""

    #: A dead worker's batch is free after this. A live one renews it with every commit.
    lease_seconds: float = 10.0
    #: How late, at most, a pause, a cancel or an unsubscribe takes effect in a running batch
    #: (design section 6, "A worker's batch"; OUT-20).
    look_seconds: float = 0.5
    #: How often an idle worker asks for work when nobody wakes it.
    poll_seconds: float = 1.0
    #: How often deferred rows whose time has come are put into batches.
    retry_seconds: float = 1.0
    #: How long single mails rest at least that a transport would not take; a project in an outage
    #: is parked besides.
    refused_seconds: float = 2.0
    #: A batch that holds its lane for longer gives way when other transports wait for a lane.
    turn_seconds: float = 20.0
    #: How long the mails in hand may take when a worker is told to stop.
    drain_seconds: float = 6.0
    #: Transports one worker serves at the same time, each with a batch of its own: so many with
    #: campaigns, and as many with single mails.
    lanes: int = 6


PACE = Pace()
