// SPDX-License-Identifier: GPL-3.0-or-later
// watch.c - those who wait for something to happen to a study

#include "watch.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "store_study.h"

enum {
    BUCKETS = 1024,
    PAUSE_US = 20000, // between two rounds: what comes together goes together
    SECOND_US = 1000000, // without a ring, and between looks at other instances
    UNUSED_US = 5000000, // an entry that nobody waits at is kept so long
};

struct entry {
    int64_t study_id;
    int64_t head;          // no event is after it, unless `changed`
    int64_t revision;      // of the study when last compared with the store
    int64_t used_us;       // when somebody came or was answered
    bool changed, gone;    // in the list of what changed; deleted
    struct watcher *first; // who waits here
    struct entry *bucket;  // next in the hash bucket
    struct entry *next;    // next in a list of the watch's thread
};

struct watch {
    bool shared; // others write to it, too
    struct store *store;
    struct arena arena; // for one study in one round
    pthread_t thread;
    pthread_mutex_t mutex; // guards everything below
    pthread_cond_t wake;
    struct entry *buckets[BUCKETS];
    struct entry *changed; // entries to be read
    size_t n_waiting;
    int64_t late_us; // nobody's wait ends before
    bool rung, woken, draining, stopping;
};

// ---- the table; all under the mutex -----------------------------------------

static struct entry **place_of(struct watch *watch, int64_t study_id)
{
    uint64_t hash = (uint64_t)study_id * 0x9e3779b97f4a7c15u;
    struct entry **place = &watch->buckets[hash >> 54];
    while (*place && (*place)->study_id != study_id)
        place = &(*place)->bucket;
    return place;
}

static void ring(struct watch *watch)
{
    if (!watch->rung)
        pthread_cond_signal(&watch->wake);
    watch->rung = true;
}

static void mark(struct watch *watch, struct entry *entry)
{
    if (entry->changed)
        return;
    entry->changed = true;
    entry->next = watch->changed;
    watch->changed = entry;
}

static void enter(struct watch *watch, struct entry *entry,
                  struct watcher *watcher)
{
    watcher->next = entry->first;
    entry->first = watcher;
    entry->used_us = clock_monotonic_us();
    watch->n_waiting++;
    if (watcher->until_us < watch->late_us) {
        watch->late_us = watcher->until_us;
        pthread_cond_signal(&watch->wake);
    }
}

static void drop(struct entry **place)
{
    struct entry *entry = *place;
    *place = entry->bucket;
    free(entry);
}

// Who is to be answered: those who have seen an event from `after` on but not
// `last`, and those whose wait ends by `until_us`.
struct choice {
    int64_t after, last, until_us;
};

// Moves the chosen watchers of an entry to a list.
static void take(struct watch *watch, struct entry *entry,
                 const struct choice *choice, struct watcher **list)
{
    for (struct watcher **place = &entry->first; *place;) {
        struct watcher *watcher = *place;
        bool news =
            watcher->since >= choice->after && watcher->since < choice->last;
        if (!news && watcher->until_us > choice->until_us) {
            place = &watcher->next;
            continue;
        }
        *place = watcher->next;
        watcher->next = *list;
        *list = watcher;
        watch->n_waiting--;
        entry->used_us = clock_monotonic_us();
    }
}

// ---- answers; not under the mutex -------------------------------------------

static void answer_with(struct watcher *list, const struct event_row *events,
                        size_t n)
{
    for (struct watcher *next; list; list = next) {
        size_t seen = 0;
        next = list->next;
        while (seen < n && events[seen].revision <= list->since)
            seen++;
        list->answer(list, events + seen, n - seen);
    }
}

// ---- a round of the thread --------------------------------------------------

// What the one has seen who has seen least.
static int64_t least_seen(const struct entry *entry)
{
    int64_t least = INT64_MAX;
    for (struct watcher *w = entry->first; w; w = w->next)
        least = w->since < least ? w->since : least;
    return least;
}

// Takes an entry off the changed ones. False when there is nothing to read: the
// study is gone, or nobody waits any more; then the entry is freed and who
// waited is in the list.
static bool begin(struct watch *watch, struct entry *entry,
                  struct event_page *page, struct watcher **list)
{
    static const struct choice all = {.until_us = INT64_MAX};
    pthread_mutex_lock(&watch->mutex);
    entry->changed = false;
    bool reads = !entry->gone && entry->first;
    *page = (struct event_page){.study_id = entry->study_id,
                                .after = least_seen(entry),
                                .limit = WATCH_MAX_EVENTS};
    if (!reads) {
        take(watch, entry, &all, list);
        drop(place_of(watch, entry->study_id));
    }
    pthread_mutex_unlock(&watch->mutex);
    return reads;
}

// Takes those for whom there is something on the page. One who came during the
// read and has seen less is left to the next read.
static void end(struct watch *watch, struct entry *entry,
                const struct event_page *page, struct watcher **list)
{
    int64_t last = page->n ? page->events[page->n - 1].revision : page->after;
    pthread_mutex_lock(&watch->mutex);
    entry->head = last;
    take(watch, entry, &(struct choice){page->after, last, 0}, list);
    if (page->n == page->limit) {
        mark(watch, entry); // there may be more
        ring(watch);
    }
    pthread_mutex_unlock(&watch->mutex);
}

// Reads what is new in a study and answers those who wait for it. Only this
// thread frees entries.
static void serve(struct watch *watch, struct entry *entry)
{
    struct watcher *list = NULL;
    struct event_page page;
    struct error err = {0};
    if (!begin(watch, entry, &page, &list)) {
        answer_with(list, NULL, 0);
    } else if (store_event_page(watch->store, &page, &watch->arena, &err)) {
        log_event(LOG_WARNING, "cannot read events",
                  log_text("error", err.message));
        pthread_mutex_lock(&watch->mutex);
        mark(watch, entry); // it is tried again within a second
        pthread_mutex_unlock(&watch->mutex);
    } else {
        end(watch, entry, &page, &list);
        answer_with(list, page.events, page.n);
    }
    arena_reset(&watch->arena);
}

static void serve_changed(struct watch *watch)
{
    pthread_mutex_lock(&watch->mutex);
    struct entry *entry = watch->changed;
    watch->changed = NULL;
    watch->rung = false;
    pthread_mutex_unlock(&watch->mutex);
    for (struct entry *next; entry; entry = next) {
        pthread_mutex_lock(&watch->mutex);
        next = entry->next; // before it is marked again, or dropped
        pthread_mutex_unlock(&watch->mutex);
        serve(watch, entry);
    }
}

// Ends the waits that are over (all of them when `everyone`), and forgets the
// studies that nobody has waited at for a while.
static void sweep(struct watch *watch, bool everyone)
{
    struct watcher *list = NULL;
    int64_t now = clock_monotonic_us();
    struct choice choice = {.until_us = everyone ? INT64_MAX : now};
    pthread_mutex_lock(&watch->mutex);
    watch->late_us = INT64_MAX;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct entry **place = &watch->buckets[i]; *place;) {
            struct entry *entry = *place;
            take(watch, entry, &choice, &list);
            for (struct watcher *w = entry->first; w; w = w->next)
                if (w->until_us < watch->late_us)
                    watch->late_us = w->until_us;
            if (!entry->first && !entry->changed &&
                now - entry->used_us > UNUSED_US)
                drop(place);
            else
                place = &entry->bucket;
        }
    }
    pthread_mutex_unlock(&watch->mutex);
    answer_with(list, NULL, 0);
}

// ---- what other instances wrote ---------------------------------------------

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

// The studies that are waited for, in ascending order.
static int64_t *watched(struct watch *watch, size_t *n)
{
    *n = 0;
    pthread_mutex_lock(&watch->mutex);
    int64_t *ids =
        arena_alloc(&watch->arena, (watch->n_waiting + 1) * sizeof *ids);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct entry *e = watch->buckets[i]; e; e = e->bucket)
            if (e->first)
                ids[(*n)++] = e->study_id;
    pthread_mutex_unlock(&watch->mutex);
    qsort(ids, *n, sizeof *ids, by_value);
    return ids;
}

struct comparison {
    struct watch *watch;
    const int64_t *ids; // [n] ascending
    size_t n, done;
};

// The studies before this one in the list are not there any more.
static void skip_to(struct comparison *comparison, int64_t study_id)
{
    while (comparison->done < comparison->n &&
           comparison->ids[comparison->done] < study_id)
        watch_changed(comparison->watch, comparison->ids[comparison->done++],
                      true);
}

static int compare(void *context, int64_t study_id, int64_t revision,
                   struct error *err)
{
    struct comparison *comparison = context;
    struct watch *watch = comparison->watch;
    (void)err;
    skip_to(comparison, study_id);
    comparison->done++;
    pthread_mutex_lock(&watch->mutex);
    struct entry *entry = *place_of(watch, study_id);
    if (entry && entry->revision != revision) {
        entry->revision = revision;
        mark(watch, entry);
        ring(watch);
    }
    pthread_mutex_unlock(&watch->mutex);
    return 0;
}

// Asks for the revisions of all studies that are waited for.
static void look_at_others(struct watch *watch)
{
    struct error err = {0};
    struct comparison comparison = {.watch = watch};
    comparison.ids = watched(watch, &comparison.n);
    if (comparison.n == 0)
        return;
    if (store_study_revisions(watch->store, comparison.ids, comparison.n,
                              compare, &comparison, &err))
        log_event(LOG_WARNING, "cannot look for new events",
                  log_text("error", err.message));
    else
        skip_to(&comparison, INT64_MAX);
    arena_reset(&watch->arena);
}

// ---- the thread -------------------------------------------------------------

// Waits until there is something to do. Returns false when it is time to end.
static bool rest(struct watch *watch, int64_t last_us)
{
    pthread_mutex_lock(&watch->mutex);
    while (!watch->stopping) {
        int64_t due = last_us + (watch->rung ? PAUSE_US : SECOND_US);
        if (watch->late_us < due)
            due = watch->late_us;
        if (clock_monotonic_us() >= due || watch->woken ||
            (watch->draining && watch->n_waiting))
            break;
        struct timespec until = {due / SECOND_US, due % SECOND_US * 1000};
        pthread_cond_timedwait(&watch->wake, &watch->mutex, &until);
    }
    bool go_on = !watch->stopping;
    pthread_mutex_unlock(&watch->mutex);
    return go_on;
}

static void *turn(void *context)
{
    struct watch *watch = context;
    int64_t last_us = clock_monotonic_us(), others_us = last_us;
    int64_t swept_us = last_us;
    while (rest(watch, last_us)) {
        last_us = clock_monotonic_us();
        pthread_mutex_lock(&watch->mutex);
        bool draining = watch->draining;
        bool everyone = draining || watch->woken;
        watch->woken = false;
        bool late = watch->late_us <= last_us;
        pthread_mutex_unlock(&watch->mutex);
        if (watch->shared && !draining && last_us - others_us >= SECOND_US) {
            others_us = last_us;
            look_at_others(watch);
        }
        if (!draining)
            serve_changed(watch);
        if (everyone || late || last_us - swept_us >= SECOND_US) {
            swept_us = last_us;
            sweep(watch, everyone);
        }
    }
    return NULL;
}

// ---- the outside ------------------------------------------------------------

struct watch *watch_start(const char *database, struct error *err)
{
    struct watch *watch = calloc(1, sizeof *watch);
    pthread_condattr_t monotonic;
    if (!watch)
        abort();
    watch->shared = store_is_shared(database);
    watch->late_us = INT64_MAX;
    arena_init(&watch->arena);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&watch->mutex, NULL);
    pthread_cond_init(&watch->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    watch->store = store_open(database, err);
    if (watch->store && pthread_create(&watch->thread, NULL, turn, watch) == 0)
        return watch;
    error_set(err, ERROR_INTERNAL, "cannot start the thread of the watch");
    store_close(watch->store);
    free(watch);
    return NULL;
}

void watch_wait(struct watch *watch, struct watcher *watcher)
{
    pthread_mutex_lock(&watch->mutex);
    if (watch->draining) {
        pthread_mutex_unlock(&watch->mutex);
        watcher->answer(watcher, NULL, 0);
        return;
    }
    struct entry **place = place_of(watch, watcher->study_id);
    if (!*place) {
        *place = calloc(1, sizeof **place);
        if (!*place)
            abort();
        (*place)->study_id = watcher->study_id;
        (*place)->head = watcher->since;
    }
    struct entry *entry = *place;
    enter(watch, entry, watcher);
    // What was committed after the watcher's own look has rung for nobody.
    mark(watch, entry);
    ring(watch);
    pthread_mutex_unlock(&watch->mutex);
}

bool watch_wait_at_once(struct watch *watch, struct watcher *watcher)
{
    pthread_mutex_lock(&watch->mutex);
    struct entry *entry = *place_of(watch, watcher->study_id);
    bool known = entry && !entry->gone && watcher->since >= entry->head &&
                 !watch->draining;
    if (known)
        enter(watch, entry, watcher);
    pthread_mutex_unlock(&watch->mutex);
    return known;
}

size_t watch_waiting(struct watch *watch)
{
    pthread_mutex_lock(&watch->mutex);
    size_t n = watch->n_waiting;
    pthread_mutex_unlock(&watch->mutex);
    return n;
}

void watch_changed(struct watch *watch, int64_t study_id, bool gone)
{
    pthread_mutex_lock(&watch->mutex);
    struct entry *entry = *place_of(watch, study_id);
    if (entry) {
        entry->gone = entry->gone || gone;
        mark(watch, entry);
        ring(watch);
    }
    pthread_mutex_unlock(&watch->mutex);
}

void watch_wake(struct watch *watch)
{
    pthread_mutex_lock(&watch->mutex);
    watch->woken = watch->n_waiting > 0; // whoever comes later has looked
    pthread_cond_signal(&watch->wake);
    pthread_mutex_unlock(&watch->mutex);
}

void watch_drain(struct watch *watch)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->mutex);
    watch->draining = true;
    pthread_cond_signal(&watch->wake);
    pthread_mutex_unlock(&watch->mutex);
}

void watch_stop(struct watch *watch)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->mutex);
    watch->stopping = true;
    pthread_cond_signal(&watch->wake);
    pthread_mutex_unlock(&watch->mutex);
    pthread_join(watch->thread, NULL);
    assert(watch->n_waiting == 0);
    for (size_t i = 0; i < BUCKETS; i++)
        while (watch->buckets[i])
            drop(&watch->buckets[i]);
    store_close(watch->store);
    arena_done(&watch->arena);
    pthread_cond_destroy(&watch->wake);
    pthread_mutex_destroy(&watch->mutex);
    free(watch);
}
