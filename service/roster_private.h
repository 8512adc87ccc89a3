// SPDX-License-Identifier: GPL-3.0-or-later
// roster_private.h - what the files of roster.h share
//
// A seat is what is known of a segment, a roster those of a campaign.

#ifndef CUMAE_ROSTER_PRIVATE_H
#define CUMAE_ROSTER_PRIVATE_H

#include "directory.h"
#include "roster.h"

struct seat {
    int64_t study_id;
    int64_t revision; // of the study, when it was last heard of
    int64_t running;  // trials, without those that are applied
    int64_t pending;  // wanted by asks that are there
    int64_t applied;  // what these got so far
    enum study_state state;
    // What was refused last, and when (in ticks, that count refusals):
    char reason[24];
    double retry_after_s;
    int64_t closed_revision; // nothing is to be had while it is at this one
    int64_t closed_until_us;
    uint64_t closed_tick;
    double too_long_s; // a trial takes longer than this; 0: nobody was told so
    int64_t too_long_revision;
    uint64_t too_long_tick;
    char *name;
    struct roster *roster;
    struct seat *bucket; // next in the hash bucket
};

struct roster {
    int64_t campaign_id;
    char key[DIRECTORY_MAX_NAME + 1];
    struct seat *seats; // [n]
    uint64_t born;      // tick
    size_t n, first;    // first: where the next look for the fewest begins
    int64_t read_us, used_us;
};

// Would a trial of the segment take longer than the worker has left, as another
// one with as much time was told?
bool roster_too_long(const struct seat *seat, const struct turn *turn);

// Says why none of the segments gives anything: the most telling reason, with
// all of them counted in the detail.
void roster_explain(const struct roster *roster, const struct turn *turn,
                    struct ask *ask);

#endif
