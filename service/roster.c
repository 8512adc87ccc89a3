// SPDX-License-Identifier: GPL-3.0-or-later
// roster.c - which segment of a campaign is asked next

#include "roster_private.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/memory.h"
#include "clock.h"

enum { BUCKETS = 16384 };

struct rosters {
    pthread_mutex_t mutex; // guards everything below
    uint64_t ticks;
    struct roster *rosters[ROSTER_MAX];
    size_t n;
    struct seat *buckets[BUCKETS]; // by study
};

struct rosters *rosters_new(void)
{
    struct rosters *rosters = calloc(1, sizeof *rosters);
    if (!rosters)
        abort();
    pthread_mutex_init(&rosters->mutex, NULL);
    return rosters;
}

// ---- the table of seats; all under the mutex --------------------------------

static struct seat **bucket_of(struct rosters *rosters, int64_t study_id)
{
    uint64_t hash = (uint64_t)study_id * 0x9e3779b97f4a7c15u;
    return &rosters->buckets[hash >> 50];
}

static struct seat *find_seat(struct rosters *rosters, int64_t study_id)
{
    struct seat *seat = *bucket_of(rosters, study_id);
    while (seat && seat->study_id != study_id)
        seat = seat->bucket;
    return seat;
}

static void link_seats(struct rosters *rosters, struct roster *roster)
{
    for (size_t i = 0; i < roster->n; i++) {
        struct seat *seat = &roster->seats[i];
        struct seat **bucket = bucket_of(rosters, seat->study_id);
        seat->roster = roster;
        seat->bucket = *bucket;
        *bucket = seat;
    }
}

static void unlink_seats(struct rosters *rosters, struct roster *roster)
{
    for (size_t i = 0; i < roster->n; i++) {
        struct seat **link = bucket_of(rosters, roster->seats[i].study_id);
        while (*link != &roster->seats[i])
            link = &(*link)->bucket;
        *link = roster->seats[i].bucket;
    }
}

static void free_seats(struct seat *seats, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(seats[i].name);
    free(seats);
}

static void forget(struct rosters *rosters, size_t place)
{
    struct roster *roster = rosters->rosters[place];
    unlink_seats(rosters, roster);
    free_seats(roster->seats, roster->n);
    free(roster);
    rosters->rosters[place] = rosters->rosters[--rosters->n];
}

void rosters_free(struct rosters *rosters)
{
    if (!rosters)
        return;
    while (rosters->n)
        forget(rosters, rosters->n - 1);
    pthread_mutex_destroy(&rosters->mutex);
    free(rosters);
}

static struct roster *find(struct rosters *rosters, int64_t campaign_id)
{
    for (size_t i = 0; i < rosters->n; i++)
        if (rosters->rosters[i]->campaign_id == campaign_id)
            return rosters->rosters[i];
    return NULL;
}

static struct roster *find_key(struct rosters *rosters, const char *key)
{
    for (size_t i = 0; i < rosters->n; i++)
        if (strcmp(rosters->rosters[i]->key, key) == 0)
            return rosters->rosters[i];
    return NULL;
}

// ---- reading ----------------------------------------------------------------

struct reading {
    struct seat *seats;
    size_t n;
};

static int visit_segment(void *context, const struct segment_row *row,
                         struct error *err)
{
    struct reading *reading = context;
    (void)err;
    reading->seats[reading->n++] =
        (struct seat){.study_id = row->study_id,
                      .revision = row->progress.revision,
                      .running = row->progress.count[TRIAL_RUNNING],
                      .state = row->state,
                      .closed_revision = -1,
                      .name = memory_text(row->name)};
    return 0;
}

// What is known of a study, or newer than what was read, is kept.
static void keep_known(struct seat *read, const struct seat *known)
{
    struct seat fresh = *read;
    *read = *known;
    read->name = fresh.name;
    if (fresh.revision <= known->revision)
        return;
    read->revision = fresh.revision;
    read->running = fresh.running;
    read->state = fresh.state;
}

static struct roster *add(struct rosters *rosters)
{
    if (rosters->n == ROSTER_MAX) {
        size_t oldest = 0;
        for (size_t i = 1; i < rosters->n; i++)
            if (rosters->rosters[i]->used_us <
                rosters->rosters[oldest]->used_us)
                oldest = i;
        forget(rosters, oldest);
    }
    struct roster *roster = calloc(1, sizeof *roster);
    if (!roster)
        abort();
    roster->born = ++rosters->ticks;
    rosters->rosters[rosters->n++] = roster;
    return roster;
}

// Enters what was read. Takes over reading->seats.
static void enter(struct rosters *rosters, const struct campaign_row *row,
                  const struct reading *reading)
{
    struct roster *roster = find(rosters, row->id);
    if (!roster)
        roster = add(rosters);
    for (size_t i = 0; i < reading->n; i++) {
        const struct seat *known =
            find_seat(rosters, reading->seats[i].study_id);
        if (known && known->roster == roster)
            keep_known(&reading->seats[i], known);
    }
    unlink_seats(rosters, roster);
    free_seats(roster->seats, roster->n);
    roster->campaign_id = row->id;
    snprintf(roster->key, sizeof roster->key, "%s", row->key);
    roster->seats = reading->seats;
    roster->n = reading->n;
    roster->read_us = roster->used_us = clock_monotonic_us();
    link_seats(rosters, roster);
}

static int read_roster(struct rosters *rosters, struct store *store,
                       const char *key, int64_t *id, struct error *err)
{
    struct arena arena;
    struct campaign_row row;
    struct reading reading = {.n = 0};
    arena_init(&arena);
    reading.seats =
        memory_resize(NULL, CAMPAIGN_MAX_SEGMENTS, sizeof *reading.seats);
    int result =
        store_campaign_find(store, key, &arena, &row, err) ||
                store_segment_list(store, row.id, -1, CAMPAIGN_MAX_SEGMENTS,
                                   visit_segment, &reading, err)
            ? -1
            : 0;
    if (result) {
        free_seats(reading.seats, reading.n);
    } else {
        *id = row.id;
        pthread_mutex_lock(&rosters->mutex);
        enter(rosters, &row, &reading);
        pthread_mutex_unlock(&rosters->mutex);
    }
    arena_done(&arena);
    return result;
}

int rosters_open(struct rosters *rosters, struct store *store, const char *key,
                 int64_t *campaign_id, struct error *err)
{
    int64_t now_us = clock_monotonic_us();
    pthread_mutex_lock(&rosters->mutex);
    struct roster *roster = find_key(rosters, key);
    bool fresh =
        roster && now_us - roster->read_us < ROSTER_LOOK_MS * INT64_C(1000);
    if (roster)
        *campaign_id = roster->campaign_id;
    if (roster && store)
        roster->read_us = now_us; // others need not look, too
    pthread_mutex_unlock(&rosters->mutex);
    if (fresh)
        return 0;
    if (!store)
        return 1;
    if (read_roster(rosters, store, key, campaign_id, err) == 0)
        return 0;
    if (roster)
        roster_drop(rosters, *campaign_id);
    return -1;
}

void roster_drop(struct rosters *rosters, int64_t campaign_id)
{
    pthread_mutex_lock(&rosters->mutex);
    for (size_t i = rosters->n; i-- > 0;)
        if (rosters->rosters[i]->campaign_id == campaign_id)
            forget(rosters, i);
    pthread_mutex_unlock(&rosters->mutex);
}

// ---- choosing ---------------------------------------------------------------

static bool is_closed(const struct seat *seat, const struct turn *turn,
                      int64_t now_us)
{
    return seat->closed_tick > turn->since ||
           (seat->closed_revision == seat->revision &&
            now_us < seat->closed_until_us);
}

static struct seat *fewest(struct roster *roster, const struct turn *turn,
                           int64_t now_us)
{
    struct seat *best = NULL;
    for (size_t k = 0; k < roster->n; k++) {
        size_t i = roster->first + k;
        struct seat *seat = &roster->seats[i < roster->n ? i : i - roster->n];
        if (seat->state != STUDY_RUNNING ||
            (best &&
             seat->running + seat->pending >= best->running + best->pending) ||
            is_closed(seat, turn, now_us) || roster_too_long(seat, turn))
            continue;
        best = seat;
    }
    return best;
}

static struct seat *named(struct roster *roster, const char *name)
{
    for (size_t i = 0; i < roster->n; i++)
        if (strcmp(roster->seats[i].name, name) == 0)
            return &roster->seats[i];
    return NULL;
}

static void sit(struct seat *seat, struct turn *turn)
{
    turn->study_id = seat->study_id;
    turn->applied = 0;
    turn->born = seat->roster->born;
    snprintf(turn->name, sizeof turn->name, "%s", seat->name);
    seat->pending += (int64_t)turn->n;
    seat->roster->used_us = clock_monotonic_us();
}

static int take(struct rosters *rosters, struct turn *turn, struct ask *ask,
                struct error *err)
{
    struct roster *roster = find(rosters, turn->campaign_id);
    if (!roster)
        return error_set(err, ERROR_NOT_FOUND, "there is no such campaign");
    if (!turn->since)
        turn->since = ++rosters->ticks;
    struct seat *seat = turn->segment
                            ? named(roster, turn->segment)
                            : fewest(roster, turn, clock_monotonic_us());
    if (!seat && turn->segment)
        return error_set(err, ERROR_NOT_FOUND, "there is no segment \"%.100s\"",
                         turn->segment);
    if (!seat) {
        roster_explain(roster, turn, ask);
        return 1;
    }
    roster->first = (size_t)(seat - roster->seats) + 1;
    if (roster->first == roster->n)
        roster->first = 0;
    sit(seat, turn);
    return 0;
}

int roster_take(struct rosters *rosters, struct turn *turn, struct ask *ask,
                struct error *err)
{
    pthread_mutex_lock(&rosters->mutex);
    int result = take(rosters, turn, ask, err);
    pthread_mutex_unlock(&rosters->mutex);
    return result;
}

void roster_go(struct rosters *rosters, struct turn *turn, int64_t study_id)
{
    pthread_mutex_lock(&rosters->mutex);
    struct seat *seat = find_seat(rosters, study_id);
    *turn->name = '\0';
    turn->study_id = study_id;
    turn->applied = 0;
    if (seat)
        sit(seat, turn);
    pthread_mutex_unlock(&rosters->mutex);
}

// ---- what became of it ------------------------------------------------------

// Where the ask is counted; NULL: nowhere any more.
static struct seat *seat_of(struct rosters *rosters, const struct turn *turn)
{
    struct seat *seat = find_seat(rosters, turn->study_id);
    return seat && seat->roster->born == turn->born ? seat : NULL;
}

void roster_applied(struct rosters *rosters, struct turn *turn, size_t n)
{
    pthread_mutex_lock(&rosters->mutex);
    struct seat *seat = seat_of(rosters, turn);
    if (seat)
        seat->applied += (int64_t)n - (int64_t)turn->applied;
    turn->applied = n;
    pthread_mutex_unlock(&rosters->mutex);
}

// Remembers that the study gave nothing.
static void close_seat(struct rosters *rosters, struct seat *seat,
                       const struct turn *turn, const struct ask *ask)
{
    double wait_s = ask->retry_after_s;
    if (strcmp(ask->reason, "walltime") == 0) {
        seat->too_long_s = turn->max_seconds;
        seat->too_long_revision = seat->revision;
        seat->too_long_tick = ++rosters->ticks;
        return;
    }
    snprintf(seat->reason, sizeof seat->reason, "%s", ask->reason);
    seat->retry_after_s = wait_s;
    seat->closed_revision = seat->revision;
    seat->closed_until_us =
        wait_s > 0 ? clock_monotonic_us() + (int64_t)(1e6 * wait_s) : INT64_MAX;
    seat->closed_tick = ++rosters->ticks;
}

void roster_leave(struct rosters *rosters, struct turn *turn,
                  const struct ask *ask, const struct live *live)
{
    pthread_mutex_lock(&rosters->mutex);
    struct seat *seat = seat_of(rosters, turn);
    if (seat) {
        seat->pending -= (int64_t)turn->n;
        seat->applied -= (int64_t)turn->applied;
        if (ask)
            seat->running += (int64_t)turn->applied;
        if (live && seat->revision < live->progress.revision)
            seat->revision = live->progress.revision;
        if (ask && !ask->n_numbers && ask->reason)
            close_seat(rosters, seat, turn, ask);
    }
    turn->study_id = 0;
    turn->applied = 0;
    pthread_mutex_unlock(&rosters->mutex);
}

void roster_note(struct rosters *rosters, const struct live *live)
{
    pthread_mutex_lock(&rosters->mutex);
    struct seat *seat = find_seat(rosters, live->id);
    if (seat && live->progress.revision >= seat->revision) {
        seat->revision = live->progress.revision;
        seat->state = live->state;
        seat->running = live->progress.count[TRIAL_RUNNING] - seat->applied;
    }
    pthread_mutex_unlock(&rosters->mutex);
}

void roster_gone(struct rosters *rosters, int64_t study_id)
{
    pthread_mutex_lock(&rosters->mutex);
    struct seat *seat = find_seat(rosters, study_id);
    if (seat)
        seat->state = STUDY_FINISHED;
    pthread_mutex_unlock(&rosters->mutex);
}
