"""Measures refreshes against their raw statements in group commits. Run as `python -m bench.refresh`."""

import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from bench.processes import floor, pin_to_server_core, service, wrk
from bench.report import Figure, report
from bench.seed import seed

ROUNDS, SECONDS, CROWD = 3, 4, 64
ROTATE = """
update sessions set generation = generation + 1, refresh_digest = ?, refresh_expires_at = ?, last_used_at = ?,
source = ?
where id = ? and generation = ? and ended_at is null and refresh_expires_at > ? and expires_at > ?
and user_epoch = (select epoch from users where users.id = sessions.user_id and disabled = 0)
returning user_id, user_epoch
"""
PERSON = "select account_id, email, role, epoch from users where id = ? and epoch = ? and disabled = 0"


def measure(rounds: int = ROUNDS) -> list[Figure]:
    """64 people refresh at once on SQLite with synchronous=FULL; rounds alternate with the raw statements.

    Each round has people of its own, because tokens in flight at the end of a round are lost.
    """
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        made = seed(data_dir, client_count=0, people=(rounds + 2) * CROWD)
        tokens = data_dir / "tokens"
        pairs = []
        with service(data_dir) as url, floor() as base_url:
            for number in range(rounds):
                raw = raw_rate(data_dir / "linkxg.db")
                bare = wrk(base_url, connections=CROWD, seconds=SECONDS).rate
                crowd = made.refresh_tokens[number * CROWD : (number + 1) * CROWD]
                tokens.write_text("\n".join(crowd))
                load = wrk(
                    f"{url}/api/v1/auth/refresh",
                    connections=CROWD,
                    seconds=SECONDS,
                    script="refresh.lua",
                    TOKENS=str(tokens),
                )
                if load.errors:
                    raise RuntimeError(f"{load.errors} refreshes failed")
                pairs.append((raw, bare, load.rate))
    rate = statistics.median(ours for _, _, ours in pairs)
    raw = statistics.median(ours / raw for raw, _, ours in pairs)
    bare = statistics.median(ours / bare for _, bare, ours in pairs)
    # Where network calls are expensive no HTTP server comes near raw statements, which the second figure shows.
    ceiling = statistics.median(1 / (1 / raw + 1 / bare) / raw for raw, bare, _ in pairs)
    note = f"{rate:,.0f}/s; a bare reply plus the raw statements, one after the other, would reach {ceiling:.2f}"
    return [
        Figure("refresh of 64 people beside its raw statements", raw, 0.45, note),
        Figure("refresh of 64 people beside a bare reply", bare, 0.0, f"{rate:,.0f}/s"),
    ]


def raw_rate(path: Path, *, seconds: float = 3.0) -> float:
    """The two statements of a refresh in groups of 64, one commit a group, on the same file and core.

    They use the sessions with the last ids, at a distance from earlier crowds: ids of one millisecond are unordered.
    """
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    connection.execute("pragma synchronous = full")
    rows = connection.execute(
        "select id, generation, refresh_digest from sessions order by id desc limit ?", (CROWD,)
    ).fetchall()
    state = {row[0]: row[1] for row in rows}
    done, now = 0, int(time.time() * 1000)
    with pin_to_server_core():
        started = time.perf_counter()
        while time.perf_counter() - started < seconds:
            connection.execute("begin immediate")
            for session, generation in state.items():
                values = (b"x" * 32, now + 10**9, now, "127.0.0.1", session, generation, now, now)
                user, epoch = connection.execute(ROTATE, values).fetchone()
                connection.execute(PERSON, (user, epoch)).fetchone()
                state[session] = generation + 1
            connection.execute("commit")
            done += len(state)
        elapsed = time.perf_counter() - started
    connection.close()
    return done / elapsed


if __name__ == "__main__":
    report(measure())
