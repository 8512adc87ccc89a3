# SPDX-License-Identifier: GPL-3.0-or-later
"""ledger_check.py - is everything that was acknowledged there, once?

The book of the workers against the studies as the service tells them.
"""

import collections

import harness
from ledger_book import Book, Page, bits, report_bits
from ledger_replay import Replay
from ledger_worker import brought

KINDS = ("queued", "running", "complete", "pruned", "failed", "infeasible",
         "lost", "cancelled")
MARGIN_S = 0.05  # of the clocks of a lease


def read(service, path: str) -> dict:
    """Read below /api/v1; a 503 may come from a connection that has died."""

    def answered():
        answer = service.api("GET", path, validate=False)
        assert answer.status in (200, 503), answer.text
        return answer.json if answer.status == 200 else None

    return harness.wait_until(answered, path)


def snapshot(service, study) -> dict:
    """Return all that a service says of a study."""
    trials, cursor = [], ""
    while cursor is not None:
        page = read(service, f"/studies/{study.id}/trials?limit=1000&reports=1"
                    + (f"&cursor={cursor}" if cursor else ""))
        trials += page["trials"]
        cursor = page["next"]
    events, since = [], 0
    while True:
        page = read(service, f"/studies/{study.id}/events?since={since}")
        if not page["events"]:
            break
        events += page["events"]
        since = page["next"]
    return {"study": read(service, f"/studies/{study.id}"),
            "best": read(service, f"/studies/{study.id}/best"),
            "trials": trials, "events": events}


def check(study, seen: dict, book: Book) -> None:
    """Assert that a study holds what the workers were told, and its rules."""
    trials = seen["trials"]
    numbers = [trial["number"] for trial in trials]
    assert numbers == list(range(len(trials))), f"{study.name}: {numbers}"
    pages = {number: page for (key, number), page in book.pages.items()
             if key == study.id}
    try:
        for trial in trials:
            check_trial(study, trial, trials, pages.get(trial["number"], Page()))
        check_brought(study, trials, book)
        check_issued(study, trials, pages, book)
        check_counters(study, seen)
        check_revisions(seen)
        replay = Replay(study, trials)
        replay.run(seen["events"])
        assert replay.states == {t["number"]: t["state"] for t in trials}
        replay.check_end()
        if study.max_running:
            check_running(study, seen, pages)
        if study.cells:
            check_cells(study, seen)
    except AssertionError as failure:
        raise AssertionError(f"study {study.name}: {failure}") from failure


# ---- one trial ----


def check_trial(study, trial: dict, trials: list, page: Page) -> None:
    """Assert that a trial is what was acknowledged, or what was sent."""
    if page.issue:
        for name, value in page.issue.trial.items():
            if name not in ("state", "sampler", "why"):
                assert trial[name] == value, f"{name}: {page.issue} {trial}"
    check_outcome(study, trial, trials, page)
    stored = {r["step"]: report_bits(r["value"]) for r in trial["reports"]}
    assert len(stored) == len(trial["reports"]), f"a step twice: {trial}"
    for step, sent in page.reports.items():
        known = page.reported.get(step)
        if known is None and step not in stored:
            continue
        assert step in stored, f"report {step} is lost: {page} {trial}"
        assert stored[step] in sent[known or 0:], f"{step}: {page} {trial}"
    assert stored.keys() <= page.reports.keys(), f"{page} {trial}"


def check_outcome(study, trial: dict, trials: list, page: Page) -> None:
    """Assert that the result is the acknowledged one, or one that was sent."""
    value = trial["values"] and trial["values"][0]
    outcome = (trial["state"], bits(value))
    if trial["state"] == "pruned":
        sent = {v for values in page.reports.values() for v in values}
        assert value is None or report_bits(value) in sent, f"{page} {trial}"
        outcome = ("pruned", None)
    if study.hopaas and trial["stopped"]:
        assert page.may_stop, f"{page} {trial}"
        return  # it ended with the stop, and a tell came too late
    if study.hopaas and page.told:
        assert outcome in page.sent, f"{page} {trial}"
    elif page.told:
        assert outcome == page.told, f"{page} {trial}"
    elif page.refused:
        assert outcome[0] == "cancelled", f"{page} {trial}"
    else:
        silent = [("lost", None), ("cancelled", None)]
        assert outcome in page.sent + silent, f"{page} {trial}"


# ---- the study ----


def check_brought(study, trials: list, book: Book) -> None:
    """Assert that what was enqueued is there once, under its number."""
    by_id = collections.defaultdict(list)
    for trial in trials:
        if trial["id"] is not None:
            by_id[trial["id"]].append(trial["number"])
    assert all(len(found) == 1 for found in by_id.values()), by_id
    for (key, name), number in book.brought.items():
        if key != study.id:
            continue
        assert by_id.get(name) == [number], f"{name}: {by_id.get(name)}"
        known = brought(int(name.split()[1]))
        assert trials[number]["params"] == known["params"], trials[number]
        assert trials[number]["priority"] == known["priority"], trials[number]


def check_issued(study, trials: list, pages: dict, book: Book) -> None:
    """Assert that every trial went to an ask: a known, or a doubtful one."""
    issued = {number for number, page in pages.items() if page.issue}
    unknown = [t["number"] for t in trials if t["number"] not in issued]
    assert issued <= set(range(len(trials))), "issued, and lost"
    doubtful = book.doubtful[study.id]
    assert len(unknown) <= doubtful, f"{unknown}: {doubtful} doubtful"


def check_counters(study, seen: dict) -> None:
    """Assert that the study counts what its trials say."""
    trials = seen["trials"]
    counted = collections.Counter(trial["state"] for trial in trials)
    found = seen["study"]["trials"]
    assert found["total"] == len(trials), found
    assert {k: found[k] for k in KINDS} == {k: counted[k] for k in KINDS}
    values = [t["values"][0] for t in trials if t["state"] == "complete"]
    best = (max if study.maximize else min)(values, default=None)
    told = seen["study"]["best"]
    assert (told and told["value"]) == best, f"best {told}, not {best}"
    if best is not None:
        assert trials[told["number"]]["values"] == [best]
        assert seen["best"]["trial"]["number"] == told["number"]


def check_revisions(seen: dict) -> None:
    """Assert that an event and a report each took a revision of their own.

    A report that replaced another took one that is not to be seen any more.
    """
    events, revision = seen["events"], seen["study"]["revision"]
    trials = seen["trials"]
    reports = sum(len(trial["reports"]) for trial in trials)
    assert len(events) + reports <= revision, (
        f"{revision} revisions, {len(events)} events, {reports} reports"
    )
    assert events[-1]["seq"] <= revision
    assert all(trial["revision"] <= revision for trial in trials)


def cancelled(seen: dict) -> set:
    """Return the trials that were cancelled, though a result may have come.

    Twins are cancelled by a result of the trial that they retry, others by
    whoever has them.
    """
    ends = collections.Counter(
        event["number"] for event in seen["events"]
        if event["event"] == "trial_ended"
    )
    withdrawn = {event["number"] for event in seen["events"]
                 if event["event"] == "trial_cancelled"}
    return withdrawn | {
        t["number"] for t in seen["trials"]
        if t["state"] == "cancelled"
        or (t["retry_of"] is not None and ends[t["number"]] > 1)
    }


def check_running(study, seen: dict, pages: dict) -> None:
    """Assert max_running from what the workers saw.

    A trial has run from the answer to its ask until its tell was sent or its
    lease could run out, at least; one that was cancelled, nobody knows.
    """
    unknown = cancelled(seen)
    changes = []
    for number, page in pages.items():
        if not page.issue or number in unknown:
            continue
        end = page.issue.asked_at + study.lease_s - MARGIN_S
        end = min(end, page.sent_at or end)
        if page.issue.got_at < end:
            changes += [(page.issue.got_at, 1), (end, -1)]
    running = 0
    for _, change in sorted(changes):
        running += change
        assert running <= study.max_running, "max_running, in the answers"


def check_cells(study, seen: dict) -> None:
    """Assert that every cell of the grid was handed out once, or retried.

    One that nobody wanted any more is free for another trial.
    """
    trials, free = seen["trials"], set()
    for number in cancelled(seen):
        while number is not None:
            free.add(number)
            number = trials[number]["retry_of"]
    first = sorted(t["params"]["k"] for t in trials
                   if t["retry_of"] is None and t["number"] not in free)
    assert len(set(first)) == len(first), first
    missing = set(range(1, study.cells + 1)) - {t["params"]["k"] for t in trials}
    assert not missing, f"{missing} of {study.cells} cells"
