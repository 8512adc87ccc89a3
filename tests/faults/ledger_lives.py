# SPDX-License-Identifier: GPL-3.0-or-later
"""ledger_lives.py - what may become of a trial in the hands of a worker

A life is a generator: it acts on its job and yields the seconds until it acts
again; a worker lives many at once. LIVES lists them with their weights; a new
operation of the service is one more function, and one more line there.
"""

from ledger_job import INFINITY, NAN, Job


def steady(job: Job):
    """Reports in order, obeys the pruner mostly, tells."""
    for step in range(job.rng.randint(0, 4)):
        yield job.moment()
        if job.report(step, job.value()) and job.rng.random() < 0.7:
            job.tell(None, "pruned")
            return
    yield job.moment()
    job.tell(job.value())


def crash(job: Job):
    """Dies, maybe after a report."""
    if job.rng.random() < 0.5:
        yield job.moment()
        job.report(0, job.value())


def hang(job: Job):
    """Falls silent for longer than its lease, and tells late."""
    yield job.moment()
    job.report(0, job.value())
    yield job.study.lease_s * job.rng.uniform(1.1, 3)
    job.tell(job.value())


def beat(job: Job):
    """Works for longer than its lease with signs of life."""
    for _ in range(job.rng.randint(2, 6)):
        yield job.study.lease_s * 0.4
        if not job.beat():
            break
    job.tell(job.value())


def disorder(job: Job):
    """Reports with gaps, out of order, repeated, replaced, after the end."""
    steps = [job.rng.randint(0, 8) for _ in range(6)]
    values = {step: job.value() for step in steps}
    values[steps[0]] = job.rng.choice((NAN, INFINITY, -INFINITY))
    for step in steps[:4]:
        yield job.moment()
        job.report(step, values[step])
    job.report(steps[1], job.value())
    job.tell(job.value())
    for step in steps[4:]:
        yield job.moment()
        job.report(step, values[step])


def insist(job: Job):
    """Tells the same again and again."""
    value = job.value()
    for _ in range(3):
        yield job.moment()
        job.tell(value)


def contradict(job: Job):
    """Tells, then something else, then the first again."""
    value = job.value()
    yield job.moment()
    job.tell(value)
    job.contradict(job.value() + 1)
    job.tell(value)


def fail(job: Job):
    """Tells that it failed."""
    yield job.moment()
    job.tell(None, "failed")


def diverge(job: Job):
    """Tells a number that is none."""
    yield job.moment()
    job.tell(job.rng.choice((NAN, INFINITY, -INFINITY)))


def vanish(job: Job):
    """Tells once and does not wait for the answer to arrive."""
    yield job.moment()
    job.tell(job.value(), repeat=False)


def hand_back(job: Job):
    """Is preempted and hands the trial back; is done with it after all."""
    yield job.moment()
    job.release()
    if job.rng.random() < 0.3:
        yield job.moment()
        job.tell(job.value())


def withdraw(job: Job):
    """Is told by its user that nobody wants the trial any more."""
    yield job.moment()
    job.withdraw()


def gather(job: Job):
    """Leaves its result to be told together with those of others."""
    yield job.moment()
    job.batch.add(job, job.value())


LIVES = {
    steady: 30,
    crash: 8,
    hang: 8,
    beat: 4,
    disorder: 10,
    insist: 8,
    contradict: 8,
    fail: 6,
    diverge: 5,
    vanish: 6,
    hand_back: 6,
    withdraw: 4,
    gather: 10,
}


def choose(job: Job):
    """Begin a life at random."""
    (life,) = job.rng.choices(list(LIVES), weights=LIVES.values())
    return life(job)
