// SPDX-License-Identifier: GPL-3.0-or-later
// fair.c - whose turn it is

#include "fair.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
    BUCKETS = 256,
    MEMORY = 4, // pieces over which sizes are averaged
};

struct piece {
    struct piece *next;
    void *work;
};

struct fair_lane {
    int64_t user;
    double spent_s; // virtual time at which its next piece starts
    double size_s;  // of a piece of it, lately
    struct piece *head, *tail;
    size_t waiting, taken, running, held, tally;
    struct fair_lane *bucket; // next in the hash bucket
    struct fair_lane *next;   // next in the list of lanes with work
};

struct fair {
    struct fair_limits limits;
    double now_s; // virtual time: where the last piece that was taken started
    size_t waiting, held;
    struct fair_lane *first; // with work that waits, the newest first
    struct fair_lane *buckets[BUCKETS];
};

static void *allocate(size_t bytes)
{
    void *block = calloc(1, bytes);
    if (!block)
        abort();
    return block;
}

struct fair *fair_new(const struct fair_limits *limits)
{
    struct fair *fair = allocate(sizeof *fair);
    fair->limits = *limits;
    return fair;
}

static void free_lane(struct fair_lane *lane)
{
    for (struct piece *piece = lane->head, *next; piece; piece = next) {
        next = piece->next;
        free(piece);
    }
    free(lane);
}

void fair_free(struct fair *fair)
{
    if (!fair)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct fair_lane *lane = fair->buckets[i], *next; lane;
             lane = next) {
            next = lane->bucket;
            free_lane(lane);
        }
    free(fair);
}

// A lane owes nothing when it has used no more time than the others.
static bool is_settled(const struct fair *fair, const struct fair_lane *lane)
{
    return !lane->waiting && !lane->taken && !lane->held && !lane->tally &&
           lane->spent_s <= fair->now_s;
}

// Finds a user's lane or makes it, and frees those in its bucket of which
// nothing is to be remembered.
static struct fair_lane *lane_of(struct fair *fair, int64_t user)
{
    uint64_t hash = (uint64_t)user * 0x9e3779b97f4a7c15u;
    struct fair_lane **head = &fair->buckets[hash >> 56], *found = NULL;
    for (struct fair_lane **link = head, *lane; (lane = *link);) {
        if (lane->user == user) {
            found = lane;
        } else if (is_settled(fair, lane)) {
            *link = lane->bucket;
            free_lane(lane);
            continue;
        }
        link = &lane->bucket;
    }
    if (found)
        return found;
    found = allocate(sizeof *found);
    found->user = user;
    found->bucket = *head;
    *head = found;
    return found;
}

int fair_put(struct fair *fair, int64_t user, void *work)
{
    struct fair_lane *lane = lane_of(fair, user);
    if (fair->limits.waiting && lane->waiting >= fair->limits.waiting)
        return -1;
    struct piece *piece = allocate(sizeof *piece);
    piece->work = work;
    *(lane->head ? &lane->tail->next : &lane->head) = piece;
    lane->tail = piece;
    if (lane->waiting++ == 0) {
        lane->next = fair->first;
        fair->first = lane;
        if (lane->spent_s < fair->now_s)
            lane->spent_s = fair->now_s;
    }
    fair->waiting++;
    return 0;
}

static bool may_run(const struct fair *fair, const struct fair_lane *lane)
{
    const struct fair_limits *limits = &fair->limits;
    return (!limits->running || lane->running < limits->running) &&
           (!limits->held ||
            (lane->held < limits->held && fair->held < limits->all_held));
}

// Of lanes that have used the same, the one that has waited longest is next.
void *fair_take_within(struct fair *fair, double seconds,
                       struct fair_lane **lane)
{
    struct fair_lane **best = NULL;
    for (struct fair_lane **link = &fair->first; *link; link = &(*link)->next)
        if (may_run(fair, *link) &&
            (!best || (*link)->spent_s <= (*best)->spent_s))
            best = link;
    if (!best || (*best)->size_s > seconds)
        return NULL;
    struct fair_lane *taken = *lane = *best;
    struct piece *piece = taken->head;
    void *work = piece->work;
    taken->head = piece->next;
    free(piece);
    if (--taken->waiting == 0)
        *best = taken->next;
    fair->waiting--;
    fair->now_s = taken->spent_s;
    taken->spent_s += FAIR_ADVANCE_S;
    taken->taken++;
    taken->running++;
    if (fair->limits.held) {
        taken->held++;
        fair->held++;
    }
    return work;
}

void *fair_take(struct fair *fair, struct fair_lane **lane)
{
    return fair_take_within(fair, INFINITY, lane);
}

void fair_note_size(struct fair_lane *lane, double seconds)
{
    lane->size_s += (seconds - lane->size_s) / MEMORY;
}

double fair_size(const struct fair_lane *lane)
{
    return lane->size_s;
}

void fair_join(struct fair *fair, struct fair_lane *lane)
{
    (void)fair;
    lane->running--;
}

void fair_done_joined(struct fair *fair, struct fair_lane *lane, double seconds)
{
    (void)fair;
    lane->taken--;
    if (seconds > FAIR_ADVANCE_S)
        lane->spent_s += seconds - FAIR_ADVANCE_S;
}

void fair_done(struct fair *fair, struct fair_lane *lane, double seconds)
{
    lane->running--;
    fair_done_joined(fair, lane, seconds);
}

void fair_let_go(struct fair *fair, struct fair_lane *lane)
{
    lane->held--;
    fair->held--;
}

size_t *fair_tally(struct fair *fair, int64_t user)
{
    return &lane_of(fair, user)->tally;
}

size_t fair_waiting(const struct fair *fair)
{
    return fair->waiting;
}
