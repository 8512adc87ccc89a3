// SPDX-License-Identifier: GPL-3.0-or-later
// reaper.h - finds what nobody goes on with: trials, and studies being built
//
// Once a second a thread asks the store for leases that ran out, and has each
// of these trials marked lost through its study's mailbox. Any number of
// instances may do so at once: the first wins, the others find nothing to do.
//
// Leases are wall time, which several instances share, and wall clocks are set
// and stopped. A lease that could not be renewed, or seems shorter than it was,
// is followed by one more when it runs out. Such are all that were given before
// the service started; before the wall clock went further than the monotonic
// one (it was set, or the machine slept); and before a long time without a look
// (the process or the database was away). When the wall clock was set back,
// leases that it gave before are shortened.
//
// A clone (copy.h) or campaign that nobody goes on building is removed in
// steps, and tokens that ended long ago are swept away (sweep.h).

#ifndef CUMAE_REAPER_H
#define CUMAE_REAPER_H

#include "engine.h"
#include "metrics.h"

struct reaper;

struct reaper_options {
    const char *database;
    struct engine *engine;
    struct metrics *metrics;
    unsigned token_keep_days; // after their end
    unsigned audit_days;      // 0: for ever
};

// Starts the thread. It counts the trials that were lost.
struct reaper *reaper_start(const struct reaper_options *options,
                            struct error *err);

// Ends the thread; the engine must still run.
void reaper_stop(struct reaper *reaper);

#endif
