// SPDX-License-Identifier: GPL-3.0-or-later
// roster_reason.c - why no segment of a campaign gives anything

#include "roster_private.h"

#include <stdio.h>
#include <string.h>

enum { PAUSED_S = 30 }; // when to come back

bool roster_too_long(const struct seat *seat, const struct turn *turn)
{
    return turn->max_seconds > 0 && seat->too_long_s >= turn->max_seconds &&
           (seat->too_long_tick > turn->since ||
            seat->too_long_revision == seat->revision);
}

// Why the segment gives nothing, and when to come back (0: not soon).
static const char *reason_of(const struct seat *seat, const struct turn *turn,
                             double *retry_after_s)
{
    *retry_after_s = 0;
    switch (seat->state) {
    case STUDY_PAUSED:
        *retry_after_s = PAUSED_S;
        return "paused";
    case STUDY_DRAINING:
        return "draining";
    case STUDY_FINISHED:
        return "finished";
    case STUDY_RUNNING:
        break;
    }
    if (roster_too_long(seat, turn))
        return "walltime";
    *retry_after_s = seat->retry_after_s;
    return seat->reason;
}

struct count {
    const char *reason;
    size_t n;
    double retry_after_s; // the shortest, 0: none of them says
};

// Counts the reasons of all segments; returns how many there are.
static size_t count_reasons(const struct roster *roster,
                            const struct turn *turn, struct count *counts,
                            size_t most)
{
    size_t n = 0, k;
    for (size_t i = 0; i < roster->n; i++) {
        double after_s;
        const char *reason = reason_of(&roster->seats[i], turn, &after_s);
        for (k = 0; k < n && strcmp(counts[k].reason, reason) != 0;)
            k++;
        if (k == most)
            continue;
        if (k == n)
            counts[n++] = (struct count){.reason = reason};
        struct count *count = &counts[k];
        count->n++;
        if (after_s > 0 &&
            (count->retry_after_s <= 0 || after_s < count->retry_after_s))
            count->retry_after_s = after_s;
    }
    return n;
}

// The less a reason says of how the campaign goes on, the later it is here.
// What is not in the list goes first.
static int place_of(const char *reason)
{
    static const char *const order[] = {"walltime",  "waiting_for_iteration",
                                        "budget",    "paused",
                                        "exhausted", "converged",
                                        "draining",  "finished"};
    int place = sizeof order / sizeof *order;
    while (place > 0 && strcmp(order[place - 1], reason) != 0)
        place--;
    return place;
}

// Is a more telling than b? One that passes says more than one that does not.
static bool tells_more(const struct count *a, const struct count *b)
{
    bool a_passes = a->retry_after_s > 0, b_passes = b->retry_after_s > 0;
    return a_passes != b_passes ? a_passes
                                : place_of(a->reason) < place_of(b->reason);
}

static const char *lasting(const char *reason, struct ask *ask)
{
    size_t n = strlen(reason) + 1;
    return ask->arena ? arena_copy(ask->arena, reason, n - 1) : reason;
}

void roster_explain(const struct roster *roster, const struct turn *turn,
                    struct ask *ask)
{
    struct count counts[16] = {{.reason = "finished"}};
    size_t n = count_reasons(roster, turn, counts, 16), best = 0;
    int at =
        snprintf(ask->detail, sizeof ask->detail, "%zu segments:", roster->n);
    for (size_t k = 0; k < n; k++) {
        if (tells_more(&counts[k], &counts[best]))
            best = k;
        if ((size_t)at < sizeof ask->detail)
            at += snprintf(ask->detail + at, sizeof ask->detail - (size_t)at,
                           "%s %zu %s", k ? "," : "", counts[k].n,
                           counts[k].reason);
    }
    if (!roster->n)
        snprintf(ask->detail, sizeof ask->detail,
                 "the campaign has no segments");
    ask->reason = lasting(counts[best].reason, ask);
    ask->retry_after_s = counts[best].retry_after_s;
}
