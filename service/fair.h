// SPDX-License-Identifier: GPL-3.0-or-later
// fair.h - whose turn it is
//
// Work waits in lanes, one for each user. The next piece comes from the lane
// whose work has taken the least time so far, so who wants much waits for
// himself, and who wants little is next. This is start-time fair queueing
// (Goyal, Vin and Cheng, IEEE/ACM ToN 5, 1997), except that what a piece costs
// is known only when it is done: a lane pays FAIR_ADVANCE_S when a piece is
// taken, so that several threads do not all serve the same lane, and the rest
// afterwards. A lane that had no work begins at the present: nobody saves up
// turns. A lane that is alone is served as if there were no lanes.
//
// Whoever shares it between threads guards it with a mutex.

#ifndef CUMAE_FAIR_H
#define CUMAE_FAIR_H

#include <stddef.h>
#include <stdint.h>

#define FAIR_ADVANCE_S 1e-4

struct fair_limits {
    size_t waiting;  // pieces of one lane that wait; 0: no limit
    size_t running;  // of one lane, from fair_take to fair_done; 0: no limit
    size_t held;     // of one lane, from fair_take to fair_let_go; 0: nobody
                     // calls fair_let_go
    size_t all_held; // of all lanes, when `held` is set
};

struct fair;
struct fair_lane;

struct fair *fair_new(const struct fair_limits *limits);
void fair_free(struct fair *fair);

// Queues a piece of work behind others of its user. Returns 0, or -1 when too
// many of this user's wait.
int fair_put(struct fair *fair, int64_t user, void *work);

// The piece whose turn it is, and the lane that pays for it; NULL when none
// waits or those that wait may not run yet.
void *fair_take(struct fair *fair, struct fair_lane **lane);

// The same, but NULL when the pieces of that lane are larger than this.
void *fair_take_within(struct fair *fair, double seconds,
                       struct fair_lane **lane);

// The piece that was just taken is worked on together with another one of its
// lane: it does not count as running, and fair_done_joined ends it.
void fair_join(struct fair *fair, struct fair_lane *lane);

// How large pieces of this lane are: the average of what was noted of the last
// ones. It is the caller who knows, since a part of the time that a piece takes
// is owed to the company that it was in.
void fair_note_size(struct fair_lane *lane, double seconds);
double fair_size(const struct fair_lane *lane);

// The work that was taken is done, and took so long.
void fair_done(struct fair *fair, struct fair_lane *lane, double seconds);
void fair_done_joined(struct fair *fair, struct fair_lane *lane,
                      double seconds);

// What the work holds beyond its end is free again.
void fair_let_go(struct fair *fair, struct fair_lane *lane);

// A count of the caller's own for a user, 0 at first. To be used before the
// next call; the lane is remembered while it is not 0.
size_t *fair_tally(struct fair *fair, int64_t user);

// Pieces that wait.
size_t fair_waiting(const struct fair *fair);

#endif
