// SPDX-License-Identifier: GPL-3.0-or-later
// prune.c - decisions of our pruners for a benchmark, on standard input
//
// Lines: "study SEED PRUNER [OPTION=VALUE ...]" opens the next study, from 0;
// "STUDY TRIAL STEP VALUE" reports, answered by "1" (stop) or "0"; "." sends
// the answers off. TRIAL counts from 0 and skips none.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "pruner.h"

struct study {
    const struct pruner *pruner;
    double options[OPTION_MAX];
    uint64_t seed;
    struct history history;
};

static struct space space;
static struct study *studies;
static size_t n_studies;

static void fail(const char *message)
{
    fprintf(stderr, "prune: %s\n", message);
    exit(1);
}

static void set(struct study *study, char *option)
{
    struct error err = {0};
    char *value = strchr(option, '=');
    if (!value)
        fail("an option is NAME=VALUE");
    *value++ = 0;
    if (option_set(study->pruner->options, study->pruner->n_options, option,
                   strtod(value, NULL), study->options, &err))
        fail(err.message);
}

static void open_study(void)
{
    char *seed = strtok(NULL, " \n"), *name = strtok(NULL, " \n"), *option;
    if (!seed || !name)
        fail("study SEED PRUNER");
    studies = memory_resize(studies, n_studies + 1, sizeof *studies);
    struct study *study = &studies[n_studies++];
    *study = (struct study){.pruner = pruner_find(name),
                            .seed = strtoull(seed, NULL, 10)};
    if (!study->pruner)
        fail("there is no such pruner");
    option_defaults(study->pruner->options, study->pruner->n_options,
                    study->options);
    while ((option = strtok(NULL, " \n")))
        set(study, option);
    history_init(&study->history, &space);
}

static bool decide(char *line, struct arena *arena)
{
    size_t index = strtoull(line, &line, 10);
    size_t number = strtoull(line, &line, 10);
    int64_t step = strtoll(line, &line, 10);
    double value = strtod(line, &line);
    if (index >= n_studies)
        fail("there is no such study");
    struct study *study = &studies[index];
    while (number >= study->history.n)
        history_append(&study->history, TRIAL_RUNNING, NULL);
    history_report(&study->history, number, step, value);
    struct pruner_task task = {
        .history = &study->history,
        .number = number,
        .options = study->options,
        .seed = study->seed,
        .arena = arena,
    };
    struct pruner_verdict verdict;
    pruner_decide(study->pruner, &task, &verdict);
    arena_reset(arena);
    return verdict.prune;
}

int main(void)
{
    char line[512];
    struct arena arena;
    arena_init(&arena);
    space_init(&space);
    while (fgets(line, sizeof line, stdin)) {
        if (line[0] == '.')
            fflush(stdout);
        else if (strncmp(line, "study ", 6) == 0) {
            strtok(line, " ");
            open_study();
        } else
            puts(decide(line, &arena) ? "1" : "0");
    }
    for (size_t i = 0; i < n_studies; i++)
        history_done(&studies[i].history);
    free(studies);
    space_done(&space);
    arena_done(&arena);
    return 0;
}
