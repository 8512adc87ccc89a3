// SPDX-License-Identifier: GPL-3.0-or-later
// test_operation_faults.c - every change of a study, with a fault at every call
//
// The n-th call of the database fails, for every n until the change succeeds.
// Then the study must be as it was before or as it is after; only the lost
// answer to a commit may leave it changed. Repeated, as a client repeats it,
// the change has happened once.

#include "bring.h"
#include "clock.h"
#include "studies.h"
#include "store_log.h"

static struct database database;
static struct store *store, *witness;
static struct live *live;
static struct error err;
static int64_t owner, study;
static size_t numbers[8];

// What there is of a study.
struct summary {
    struct study_progress progress;
    enum study_state state;
    int64_t events, reports, renewed;
    bool gone;
};

struct operation {
    const char *name, *members;
    void (*prepare)(void); // changes of the study before; or NULL
    int (*apply)(struct error *error);
    bool again; // a repeat is one more revision
};

// ---- one change, as the engine makes it -------------------------------------

static void drop_live(void)
{
    live_free(live);
    live = NULL;
}

static int open_live(struct error *error)
{
    struct study_progress progress;
    int64_t definition_revision;
    enum study_state state;
    if (store_study_lock(store, study, &progress, &definition_revision, &state,
                         NULL, error))
        return -1;
    if (!live)
        live = live_load(store, study, error);
    return live ? live_catch_up(live, store, &progress, definition_revision,
                                state, error)
                : -1;
}

static int advance(struct error *error)
{
    if (!live->changed || live->deleted)
        return 0;
    live->changed = false;
    return store_study_advance(store, study, &live->progress, clock_wall_ms(),
                               error);
}

static int transact(int (*apply)(struct error *), struct error *error)
{
    if (store_begin(store, error) == 0 && open_live(error) == 0 &&
        apply(error) == 0 && advance(error) == 0 &&
        store_commit(store, error) == 0)
        return 0;
    store_rollback(store);
    drop_live();
    return -1;
}

static void change(int (*apply)(struct error *))
{
    must(transact(apply, &err));
}

static void count_events(struct summary *summary)
{
    struct arena arena;
    struct event_page page = {.study_id = study, .limit = 4096};
    arena_init(&arena);
    must(store_event_page(witness, &page, &arena, &err));
    arena_done(&arena);
    summary->events = (int64_t)page.n;
}

static int see_report(void *context, const struct report_row *row,
                      struct error *error)
{
    struct summary *summary = context;
    (void)row;
    (void)error;
    summary->reports++;
    return 0;
}

static int see_lease(void *context, const struct trial_row *row,
                     struct error *error)
{
    struct summary *summary = context;
    (void)error;
    summary->renewed += row->lease_ms > clock_wall_ms() + 60000;
    return 0;
}

// As another session sees it.
static struct summary look(void)
{
    struct summary summary;
    struct study_row row;
    struct arena arena;
    memset(&summary, 0, sizeof summary);
    arena_init(&arena);
    err = (struct error){0};
    summary.gone = store_study_get(witness, study, &arena, &row, &err) != 0;
    if (summary.gone) {
        ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
    } else {
        summary.progress = row.progress;
        summary.state = row.state;
        count_events(&summary);
        must(store_reports_since(witness, study, -1, see_report, &summary,
                                 &err));
        must(store_trials_since(witness, study, -1, see_lease, &summary, &err));
    }
    arena_done(&arena);
    return summary;
}

static bool same(const struct summary *a, const struct summary *b)
{
    return a->gone == b->gone && a->state == b->state &&
           a->events == b->events && a->reports == b->reports &&
           a->renewed == b->renewed &&
           a->progress.revision == b->progress.revision &&
           a->progress.next_number == b->progress.next_number &&
           memcmp(a->progress.count, b->progress.count,
                  sizeof a->progress.count) == 0;
}

// ---- changes ----------------------------------------------------------------

static int ask_for(size_t n, unsigned char key, struct error *error)
{
    struct ask ask = {.n = n, .numbers = numbers, .key = {key, [16] = 1}};
    if (trial_ask(live, store, &ask, error))
        return -1;
    return ask.n_numbers == n
               ? 0
               : error_set(error, ERROR_INTERNAL, "%s", ask.reason);
}

static int ask_one(struct error *error)
{
    return ask_for(1, 1, error);
}

static int ask_two(struct error *error)
{
    return ask_for(2, 2, error);
}

static int ask_three(struct error *error)
{
    return ask_for(3, 3, error);
}

static int report_at(int64_t step, double value, struct error *error)
{
    struct report report = {.number = 0, .step = step, .value = value};
    return trial_report(live, store, &report, error);
}

static int report(struct error *error)
{
    return report_at(3, 0.5, error);
}

static int report_too_much(struct error *error)
{
    return report_at(4, 5, error);
}

static int report_to_hopaas(struct error *error)
{
    struct report message = {
        .number = 0, .step = 4, .value = 5, .lenient = true};
    return trial_report(live, store, &message, error);
}

static int tell_to(int64_t number, struct error *error)
{
    struct tell tell = {
        .number = number,
        .state = -1,
        .numbers = {.n_values = 1, .values = {0.25}, .uncertainty = NAN},
        .wall_s = NAN};
    return trial_tell(live, store, &tell, error);
}

static int tell(struct error *error)
{
    return tell_to(0, error);
}

static int tell_both(struct error *error)
{
    return tell_to(0, error) || tell_to(1, error) ? -1 : 0;
}

static int beat(struct error *error)
{
    struct heartbeat heartbeat = {.number = 0};
    return trial_heartbeat(live, store, &heartbeat, error);
}

static int expire(struct error *error)
{
    struct expiry expiry = {.number = 0, .now_ms = clock_wall_ms()};
    return trial_expire(live, store, &expiry, error);
}

static int spare(struct error *error)
{
    int64_t now = clock_wall_ms();
    struct expiry expiry = {.number = 0, .now_ms = now, .spared_ms = now};
    return trial_expire(live, store, &expiry, error);
}

static int release(struct error *error)
{
    struct release message = {.number = 0, .reason = "preempted"};
    return trial_release(live, store, &message, error);
}

static int cancel(struct error *error)
{
    struct cancel message = {.number = 0, .reason = "no more"};
    return trial_cancel(live, store, &message, error);
}

static int cancel_all(struct error *error)
{
    return study_cancel(live, store, 0, error);
}

static int bring(struct error *error)
{
    double first = 0.5, second = 0.75;
    struct bring_report reports[] = {{1, 0.1}, {2, 0.2}};
    struct brought trials[] = {
        {.id = "a", .key = {1}, .point = &first, .priority = 2},
        {.id = "b",
         .key = {2},
         .point = &second,
         .imported = true,
         .tell = {.state = -1,
                  .numbers = {.n_values = 1,
                              .values = {0.2},
                              .uncertainty = NAN},
                  .wall_s = NAN},
         .reports = reports,
         .n_reports = 2}};
    struct bring call = {.trials = trials, .n = 2};
    return bring_trials(live, store, &call, error);
}

static int halt(struct error *error)
{
    return study_steer(live, store, STUDY_PAUSED, 0, error);
}

static int drain(struct error *error)
{
    return study_steer(live, store, STUDY_DRAINING, 0, error);
}

static int redefine(struct error *error)
{
    return study_redefine(live, store,
                          definition_of("s", ONE_FLOAT
                                        ",\"sampler\":\"random\","
                                        "\"budget\":{\"max_trials\":7}"),
                          0, error);
}

static int erase(struct error *error)
{
    return study_delete(live, store, error);
}

// ---- what came before -------------------------------------------------------

static void with_one(void)
{
    change(ask_one);
}

static void with_two(void)
{
    change(ask_two);
}

// The lease of trial 0 has run out.
static void with_silence(void)
{
    change(ask_one);
    must(store_trial_lease(store, study, 0, 1, &err));
    drop_live();
}

static void with_lost(void)
{
    with_silence();
    change(expire);
}

// Trial 0 is lost and trial 1 runs in its place.
static void with_twin(void)
{
    with_lost();
    change(ask_two);
}

// One is lost and one waits: an ask for three takes one of each kind.
static void with_all_kinds(void)
{
    with_lost();
    change(bring);
}

static const struct operation operations[] = {
    {"ask", "", NULL, ask_one, false},
    {"ask for one of each kind", "", with_all_kinds, ask_three, false},
    {"report", "", with_one, report, false},
    {"report that stops",
     ",\"pruner\":{\"name\":\"threshold\",\"options\":{\"upper\":1}}", with_one,
     report_too_much, false},
    {"report that ends",
     ",\"pruner\":{\"name\":\"threshold\",\"options\":{\"upper\":1}}", with_one,
     report_to_hopaas, false},
    {"tell", "", with_one, tell, false},
    {"tell that cancels the twin", "", with_twin, tell, false},
    {"tells that finish the study", ",\"budget\":{\"max_trials\":2}", with_two,
     tell_both, false},
    {"heartbeat", "", with_silence, beat, false},
    {"expire", "", with_silence, expire, false},
    {"expire and spare", "", with_silence, spare, false},
    {"release", "", with_one, release, false},
    {"cancel", "", with_one, cancel, false},
    {"cancel the study", "", with_all_kinds, cancel_all, false},
    {"bring", "", NULL, bring, false},
    {"pause", "", with_one, halt, false},
    {"stop", "", NULL, drain, false},
    {"redefine", "", with_one, redefine, true},
    {"delete", "", with_all_kinds, erase, false},
};

enum { OPERATIONS = sizeof operations / sizeof *operations };

// ---- the test ---------------------------------------------------------------

static struct summary begin(const struct operation *operation, unsigned n)
{
    char json[300], name[16];
    snprintf(name, sizeof name, "s%u", n);
    snprintf(json, sizeof json, ONE_FLOAT ",\"sampler\":\"random\"%s",
             operation->members);
    study = study_in(store, owner, name, json);
    if (operation->prepare)
        operation->prepare();
    drop_live();
    return look();
}

// What the change comes to when nothing fails.
static struct summary undisturbed(const struct operation *operation)
{
    begin(operation, 0);
    change(operation->apply);
    drop_live();
    return look();
}

// As a client repeats it. A study that is deleted already is gone.
static void repeat(const struct operation *operation)
{
    err = (struct error){0};
    if (transact(operation->apply, &err))
        ck_assert_msg(operation->apply == erase && err.code == ERROR_NOT_FOUND,
                      "%s: %s", operation->name, err.message);
    drop_live();
}

START_TEST(test_fault_at_any_call_of_any_change_leaves_all_or_nothing)
{
    const struct operation *operation = &operations[_i / DATABASES];
    store = database_ready(&database, _i % DATABASES);
    witness = session(&database);
    owner = new_user(store, "anna");
    struct summary after = undisturbed(operation);
    unsigned unanswered = 0, n = 1;
    for (;; n++) {
        struct error error = {0};
        struct summary before = begin(operation, n);
        store_fail_at(store, n);
        int failed = transact(operation->apply, &error);
        store_fail_at(store, 0);
        drop_live();
        struct summary found = look();
        if (!failed)
            break;
        ck_assert_msg(error.code == ERROR_STORE, "%s: %s", operation->name,
                      error.message);
        ck_assert_msg(same(&found, &before) || same(&found, &after),
                      "%s: half there after call %u failed", operation->name,
                      n);
        bool done = !same(&found, &before);
        unanswered += done;
        repeat(operation);
        found = look();
        found.progress.revision -= done && operation->again;
        found.events -= done && operation->again;
        ck_assert_msg(same(&found, &after), "%s: not once after call %u failed",
                      operation->name, n);
    }
    ck_assert_uint_eq(unanswered, 1); // the answer to the commit
    ck_assert_uint_gt(n, 6); // begin, lock, load, write, and the commit twice
    store_close(witness);
    store_close(store);
    database_remove(&database);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("operation faults");
    TCase *tc = tcase_create("both databases");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(
        tc, test_fault_at_any_call_of_any_change_leaves_all_or_nothing, 0,
        OPERATIONS * DATABASES);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
