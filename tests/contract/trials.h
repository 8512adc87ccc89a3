// SPDX-License-Identifier: GPL-3.0-or-later
// trials.h - one study, and what workers and users do with it
//
// For tests of the life of trials, on either database. Every change runs as the
// engine runs it: on a live study, in a transaction that locks its row. At the
// end of each test the store must hold what memory holds.

#ifndef CUMAE_TESTS_TRIALS_H
#define CUMAE_TESTS_TRIALS_H

#include "studies.h"

static struct database database;
static struct store *store;
static struct live *live;
static struct error err;
static struct arena arena; // lives as long as the study
static int64_t owner;

// ---- the study --------------------------------------------------------------

// Makes a study with these members, a space among them.
static inline void open_study_of(int kind, const char *members)
{
    arena_init(&arena);
    store = database_ready(&database, kind);
    owner = new_user(store, "anna");
    int64_t id = study_in(store, owner, "s", members);
    live = NULL;
    live_begin(&live, store, id);
    store_rollback(store);
}

// The same with a space of one float.
static inline void open_study(int kind, const char *members)
{
    char json[2000];
    snprintf(json, sizeof json, ONE_FLOAT "%s%s", *members ? "," : "", members);
    open_study_of(kind, json);
}

static inline void close_study(void)
{
    check_stored(live, store);
    live_free(live);
    store_close(store);
    database_remove(&database);
    arena_done(&arena);
}

// Goes on as another instance that has just started.
static inline void restart(void)
{
    int64_t id = live->id;
    live_free(live);
    live = NULL;
    live_begin(&live, store, id);
    store_rollback(store);
}

static inline void begin(void)
{
    error_clear(&err);
    live_begin(&live, store, live->id);
}

// Ends the change and returns what it returned.
static inline int end(int result)
{
    live_commit(live, store);
    ck_assert((result == 0) == (err.code == ERROR_NONE));
    return result;
}

// Ends a change that must succeed.
static inline void end_well(int result)
{
    ck_assert_msg(end(result) == 0, "%s", err.message);
}

// The last change was refused, with this word in the message.
static inline void check_refusal(enum error_code code, const char *word)
{
    ck_assert_int_eq(err.code, code);
    ck_assert_msg(strstr(err.message, word) != NULL, "%s", err.message);
}

static inline int patch(const char *changes)
{
    begin();
    json_t *json = wire_parse(changes, strlen(changes), &arena, &err);
    struct definition *definition =
        wire_definition_patch(live->definition, json, &err);
    ck_assert_msg(definition != NULL, "%s", err.message);
    int result = end(study_redefine(live, store, definition, owner, &err));
    json_decref(json);
    return result;
}

static inline int steer(enum study_state state)
{
    begin();
    return end(study_steer(live, store, state, owner, &err));
}

// ---- the messages of a worker -----------------------------------------------

static size_t numbers[ASK_MAX_TRIALS]; // that the last ask was given

static inline struct ask ask_many(size_t n)
{
    struct ask ask = {.n = n, .numbers = numbers, .arena = &arena};
    begin();
    end_well(trial_ask(live, store, &ask, &err));
    return ask;
}

static inline int64_t ask(void)
{
    struct ask one = ask_many(1);
    ck_assert_msg(one.n_numbers == 1, "%s: %s", one.reason, one.detail);
    return (int64_t)numbers[0];
}

// A message without a value.
static inline struct tell bare(int64_t number, int state)
{
    return (struct tell){.number = number,
                         .state = state,
                         .numbers = {.uncertainty = NAN},
                         .wall_s = NAN};
}

static inline struct tell message(int64_t number, int state, double value)
{
    struct tell tell = bare(number, state);
    tell.numbers.n_values = 1;
    tell.numbers.values[0] = value;
    return tell;
}

static inline int send(struct tell *tell)
{
    begin();
    return end(trial_tell(live, store, tell, &err));
}

static inline void must_send(struct tell tell)
{
    ck_assert_msg(send(&tell) == 0, "%s", err.message);
}

static inline void tell(int64_t number, double value)
{
    must_send(message(number, -1, value));
}

static inline void give_up(int64_t number)
{
    must_send(bare(number, TRIAL_FAILED));
}

// Has the trial marked lost, as after its lease.
static inline void lose(int64_t number)
{
    struct expiry expiry = {.number = number,
                            .now_ms = live->trials[number].lease_ms + 1};
    begin();
    end_well(trial_expire(live, store, &expiry, &err));
    ck_assert(expiry.lost);
}

// ---- what became of it ------------------------------------------------------

static inline enum trial_state state_of(int64_t number)
{
    return (enum trial_state)live->history.state[number];
}

static inline struct trial_row row_of(int64_t number)
{
    struct trial_row row;
    must(store_trial_get(store, live->id, number, &arena, &row, &err));
    return row;
}

#endif
