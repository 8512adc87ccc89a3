// SPDX-License-Identifier: GPL-3.0-or-later
// store.c - how many ask+tell cycles per second the store takes
//
// usage: store URL [BATCH [SECONDS]]
//
// One session, one study: each transaction locks the study, reads what
// changed, adds BATCH trials with 20 parameters and ends the BATCH of the
// transaction before, each with its event, and advances the study.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store_account.h"
#include "store_log.h"
#include "store_study.h"
#include "store_trial.h"

enum { PARAMETERS = 20 };

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void must(int rc, const struct error *err)
{
    if (rc == 0)
        return;
    fprintf(stderr, "%s\n", err->message);
    exit(1);
}

static int count_row(void *context, const struct trial_row *row,
                     struct error *err)
{
    (void)row;
    (void)err;
    ++*(long *)context;
    return 0;
}

static int64_t new_study(struct store *store, struct error *err)
{
    char name[32];
    snprintf(name, sizeof name, "bench%ld", (long)(1e6 * now_s()));
    char definition[1800];
    memset(definition, ' ', sizeof definition - 1);
    definition[sizeof definition - 1] = '\0';
    struct user_row user = {.name = name, .created_ms = 1};
    must(store_user_add(store, &user, err), err);
    struct study_row study = {
        .key = name,
        .owner_id = user.id,
        .identity = name,
        .name = name,
        .definition = definition,
        .progress = {.best_number = -1},
    };
    struct arena arena;
    bool created;
    arena_init(&arena);
    must(store_study_add(store, &study, &arena, &created, err), err);
    arena_done(&arena);
    return study.id;
}

static void event(struct store *store, int64_t study, int64_t revision,
                  const char *kind, int64_t number, struct error *err)
{
    struct event_row row = {.study_id = study,
                            .revision = revision,
                            .kind = kind,
                            .number = number,
                            .at_ms = 1,
                            .user_id = 1};
    must(store_event_add(store, &row, err), err);
}

static void ask(struct store *store, int64_t study,
                struct study_progress *progress, struct error *err)
{
    double point[PARAMETERS];
    for (int i = 0; i < PARAMETERS; i++)
        point[i] = (double)progress->next_number + 0.1 * i;
    struct trial_row row = {
        .study_id = study,
        .number = progress->next_number++,
        .state = TRIAL_RUNNING,
        .point = point,
        .n_point = PARAMETERS,
        .sampler = "tpe",
        .seen_revision = progress->revision,
        .attempt = 1,
        .retry_of = -1,
        .lease_ms = 1700000600000 + progress->next_number,
        .created_ms = 1700000000000,
        .started_ms = 1700000000000,
        .revision = ++progress->revision,
        .ask_key = {1, 2, 3},
        .worker = "node-17.example.org",
    };
    must(store_trial_add(store, &row, err), err);
    event(store, study, row.revision, "trial_started", row.number, err);
    progress->count[TRIAL_RUNNING]++;
}

static void tell(struct store *store, int64_t study, int64_t number,
                 struct study_progress *progress, struct error *err)
{
    double value = 1.0 / (double)(number + 1);
    struct trial_row row = {
        .study_id = study,
        .number = number,
        .state = TRIAL_COMPLETE,
        .values = &value,
        .n_values = 1,
        .lease_ms = 1700000600000,
        .ended_ms = 1700000100000,
        .revision = ++progress->revision,
        .wall_s = 12.5,
        .env = "{\"host\":\"node-17.example.org\"}",
    };
    row.ended_revision = row.revision;
    must(store_trial_end(store, &row, err), err);
    event(store, study, row.revision, "trial_ended", number, err);
    progress->count[TRIAL_RUNNING]--;
    progress->count[TRIAL_COMPLETE]++;
    progress->best_number = number;
    progress->best_value = value;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: store URL [BATCH [SECONDS]]\n");
        return 2;
    }
    int batch = argc > 2 ? atoi(argv[2]) : 32;
    double seconds = argc > 3 ? atof(argv[3]) : 3;
    struct error err = {0};
    must(store_migrate(argv[1], &err), &err);
    struct store *store = store_open(argv[1], &err);
    must(store == NULL, &err);
    int64_t study = new_study(store, &err), seen = 0;
    long cycles = 0, transactions = 0, changed = 0;

    double start = now_s();
    while (now_s() < start + seconds) {
        struct study_progress progress;
        int64_t definition_revision;
        enum study_state state;
        must(store_begin(store, &err), &err);
        must(store_study_lock(store, study, &progress, &definition_revision,
                              &state, NULL, &err),
             &err);
        if (progress.revision != seen)
            must(store_trials_since(store, study, seen, count_row, &changed,
                                    &err),
                 &err);
        int64_t first = progress.next_number - batch;
        for (int i = 0; i < batch; i++)
            ask(store, study, &progress, &err);
        for (int i = 0; i < batch && first >= 0; i++, cycles++)
            tell(store, study, first + i, &progress, &err);
        must(store_study_advance(store, study, &progress, 1, &err), &err);
        must(store_commit(store, &err), &err);
        seen = progress.revision;
        transactions++;
    }
    double took = now_s() - start;
    printf("%d per transaction: %.0f cycles/s, %.3f ms per transaction\n",
           batch, (double)cycles / took, 1e3 * took / (double)transactions);
    store_close(store);
    return 0;
}
