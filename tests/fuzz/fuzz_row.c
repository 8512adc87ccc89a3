// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_row.c - rows of the store that somebody changed
//
// The first byte names a column, the second a type, the rest is a value that is
// put into the row of a trial, of its report or of its study. Whatever is
// there, the study and its trials are read or refused with a reason.

#include "fuzz.h"

#include <math.h>

#include "db.h"
#include "live.h"
#include "wire_definition.h"
#include "wire_trial.h"

static const char definition[] =
    "{\"name\":\"s\",\"kind\":\"hpo\",\"objectives\":[{\"name\":\"loss\","
    "\"direction\":\"minimize\"}],\"outcome_constraints\":[{\"name\":\"ms\","
    "\"lower\":null,\"upper\":5.0}],\"space\":{"
    "\"x\":{\"type\":\"float\",\"low\":0.0,\"high\":1.0,\"log\":false},"
    "\"n\":{\"type\":\"int\",\"low\":1,\"high\":9,\"step\":1,\"log\":true},"
    "\"c\":{\"type\":\"categorical\",\"choices\":[\"a\",\"b\"]},"
    "\"d\":{\"type\":\"discrete\",\"values\":[1.0,2.5],"
    "\"when\":{\"c\":[\"a\"]}}}}";

static const char *const columns[] = {
    "trials.number",         "trials.state",
    "trials.point",          "trials.\"values\"",
    "trials.uncertainty",    "trials.stopped",
    "trials.stop_reason",    "trials.seen_revision",
    "trials.attempt",        "trials.retry_of",
    "trials.lease_ms",       "trials.started_ms",
    "trials.ended_ms",       "trials.revision",
    "trials.ended_revision", "trials.wall_s",
    "trials.ask_key",        "trials.worker",
    "trials.outputs",        "trials.constraint_values",
    "trials.client_id",      "trials.client_key",
    "trials.brought",        "trials.priority",
    "trials.withdrawn",      "trials.cost",
    "trials.iteration",      "studies.definition",
    "studies.next_number",   "studies.revision",
    "studies.running",       "studies.best_number",
    "studies.state",         "studies.warm_start",
    "studies.key",           "reports.number",
    "reports.step",          "reports.value",
    "reports.revision"};
enum { COLUMNS = sizeof columns / sizeof *columns };

// What lives as long as the process.
struct world {
    char url[300];
    struct db *db;
    struct store *store;
    int64_t study_id;
};

static void must(int result, const struct error *err)
{
    expect(result == 0, "%s", err->message);
}

// ---- the rows as they should be ---------------------------------------------

static void add_study(struct world *world)
{
    struct error err = {0};
    struct arena arena;
    bool created;
    struct user_row user = {.name = "u", .created_ms = 1};
    struct study_row study = {
        .key = "k",
        .identity = "i",
        .name = "s",
        .definition = definition,
        .created_ms = 1,
        .changed_ms = 1,
        .progress = {.best_number = -1, .best_value = NAN}};
    arena_init(&arena);
    must(store_user_add(world->store, &user, &err), &err);
    study.owner_id = user.id;
    must(store_study_add(world->store, &study, &arena, &created, &err), &err);
    world->study_id = study.id;
    arena_done(&arena);
}

static void add_trial(const struct world *world, int64_t number,
                      enum trial_state state)
{
    static const double point[] = {0.5, 3, 0, 1}, value = 0.25, ms = 4;
    struct error err = {0};
    struct trial_row row = {.study_id = world->study_id,
                            .number = number,
                            .state = state,
                            .point = point,
                            .n_point = 4,
                            .uncertainty = NAN,
                            .sampler = "random",
                            .attempt = 1 + number,
                            .retry_of = number - 1,
                            .created_ms = 1,
                            .revision = number + 1,
                            .wall_s = NAN,
                            .cost = NAN};
    if (state == TRIAL_COMPLETE) {
        row.values = &value;
        row.n_values = 1;
        row.constraint_values = &ms;
        row.n_constraint_values = 1;
        row.ended_revision = number + 1;
    }
    must(store_trial_add(world->store, &row, &err), &err);
}

static void fill(struct world *world)
{
    struct error err = {0};
    const struct study_progress progress = {
        .next_number = 3,
        .revision = 4,
        .count = {[TRIAL_COMPLETE] = 1, [TRIAL_RUNNING] = 1, [TRIAL_LOST] = 1},
        .best_number = 2,
        .best_value = 0.25};
    must(store_begin(world->store, &err), &err);
    add_study(world);
    add_trial(world, 0, TRIAL_LOST);
    add_trial(world, 1, TRIAL_RUNNING);
    add_trial(world, 2, TRIAL_COMPLETE);
    const struct report_row report = {.study_id = world->study_id,
                                      .number = 1,
                                      .step = 1,
                                      .value = 2,
                                      .at_ms = 1,
                                      .revision = 4};
    must(store_report_put(world->store, &report, &err), &err);
    must(store_study_advance(world->store, world->study_id, &progress, 1, &err),
         &err);
    must(store_commit(world->store, &err), &err);
}

static struct world *the_world(void)
{
    static struct world world;
    struct error err = {0};
    const char *parent = getenv("TMPDIR");
    char folder[256];
    if (world.store)
        return &world;
    wire_start();
    snprintf(folder, sizeof folder, "%s/cumae-fuzz-XXXXXX",
             parent ? parent : "/tmp");
    expect(mkdtemp(folder), "%s", folder);
    snprintf(world.url, sizeof world.url, "sqlite:%s/db", folder);
    must(store_migrate(world.url, &err), &err);
    world.store = store_open(world.url, &err);
    world.db = db_open(world.url, &err);
    expect(world.store && world.db, "%s", err.message);
    fill(&world);
    must(db_script(world.db,
                   "CREATE TABLE good_trials AS SELECT * FROM trials;"
                   "CREATE TABLE good_reports AS SELECT * FROM reports;"
                   "CREATE TABLE good_studies AS SELECT * FROM studies;"
                   "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF",
                   &err),
         &err);
    return &world;
}

static void restore(const struct world *world)
{
    struct error err = {0};
    must(db_script(world->db,
                   "BEGIN; DELETE FROM trials; DELETE FROM reports;"
                   "DELETE FROM studies;"
                   "INSERT INTO studies SELECT * FROM good_studies;"
                   "INSERT INTO trials SELECT * FROM good_trials;"
                   "INSERT INTO reports SELECT * FROM good_reports; COMMIT",
                   &err),
         &err);
}

// ---- a row as it should not be ----------------------------------------------

// The value as a literal of SQL.
static void write_value(struct text *sql, uint8_t type, const uint8_t *data,
                        size_t n)
{
    int64_t integer = 0;
    double real;
    memcpy(&integer, data, n < sizeof integer ? n : sizeof integer);
    memcpy(&real, &integer, sizeof real);
    if (type % 4 == 0) {
        text_print(sql, "%lld", (long long)integer);
    } else if (type % 4 == 1) {
        text_print(sql, isfinite(real) ? "%.17g" : "NULL", real);
    } else {
        text_add(sql, type % 4 == 2 ? "CAST(X'" : "(X'");
        for (size_t i = 0; i < n; i++)
            text_print(sql, "%02X", data[i]);
        text_add(sql, type % 4 == 2 ? "' AS TEXT)" : "')");
    }
}

// Returns -1 when the database refuses the value.
static int change(const struct world *world, const uint8_t *data, size_t size,
                  struct arena *arena)
{
    const char *column = columns[data[0] % COLUMNS];
    const char *dot = strchr(column, '.');
    struct error err = {0};
    struct text sql;
    text_init(&sql, arena);
    text_print(&sql, "UPDATE %.*s SET %s = ", (int)(dot - column), column,
               dot + 1);
    write_value(&sql, data[1], data + 2, size - 2);
    if (*column == 't')
        text_add(&sql, " WHERE number = 1");
    return db_script(world->db, sql.data, &err);
}

static int load(const struct world *world, struct error *err)
{
    struct live *live = live_load(world->store, world->study_id, err);
    live_free(live);
    return live ? 0 : -1;
}

struct shown {
    struct arena *arena;
    const struct definition *definition;
};

static int show_trial(void *context, const struct trial_row *row,
                      struct error *err)
{
    const struct shown *shown = context;
    struct text text;
    text_init(&text, shown->arena);
    return wire_trial_open(&text, shown->definition, "k", row, err);
}

static int show(const struct world *world, struct error *err)
{
    struct arena arena;
    struct study_row row;
    arena_init(&arena);
    struct definition *d = NULL;
    int result =
        store_study_get(world->store, world->study_id, &arena, &row, err);
    if (result == 0)
        d = wire_definition_load(row.definition, err);
    struct shown shown = {&arena, d};
    const struct trial_filter filter = {.study_id = world->study_id,
                                        .value_min = NAN,
                                        .value_max = NAN,
                                        .after_number = -1,
                                        .since_revision = -1,
                                        .limit = 10};
    result =
        d ? store_trial_list(world->store, &filter, show_trial, &shown, err)
          : -1;
    definition_free(d);
    arena_done(&arena);
    return result;
}

// As they should be, the rows are read and shown.
static void check_good(const struct world *world)
{
    struct error err = {0};
    must(load(world, &err), &err);
    must(show(world, &err), &err);
}

static void check_changed(const struct world *world)
{
    struct error unread = {0}, unshown = {0};
    if (load(world, &unread))
        expect(*unread.message, "not read, without a reason");
    if (show(world, &unshown))
        expect(*unshown.message, "not shown, without a reason");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct world *world = the_world();
    struct arena arena;
    if (size < 2)
        return 0;
    arena_init(&arena);
    check_good(world);
    if (change(world, data, size, &arena) == 0) {
        check_changed(world);
        restore(world);
    }
    arena_done(&arena);
    return 0;
}
