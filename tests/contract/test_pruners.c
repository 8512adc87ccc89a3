// SPDX-License-Identifier: GPL-3.0-or-later
// test_pruners.c - what every pruner in the registry promises
//
// A decision depends on the set of reports alone, NaN stops a trial under
// every pruner but nop, and nothing that workers report breaks one.

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pruner.h"
#include "rng.h"

struct fact {
    size_t trial;
    int64_t step;
    double value;
};

static struct arena arena;
static struct space space;
static struct history history;
static const struct pruner *pruner;
static double options[OPTION_MAX];

static void set(const char *name, double value)
{
    struct error err = {0};
    ck_assert_msg(option_set(pruner->options, pruner->n_options, name, value,
                             options, &err) == 0,
                  "%s", err.message);
}

// Options that make pruners decide early and often.
static const struct {
    const char *pruner, *option;
    double value;
} early[] = {
    {"threshold", "upper", 0.6},         {"threshold", "lower", 0.1},
    {"patient", "patience", 1},          {"wilcoxon", "p_threshold", 0.3},
    {"extrapolate", "max_resource", 15}, {"extrapolate", "probability", 0.3},
};

static void choose(size_t i)
{
    pruner = pruners[i];
    struct error err = {0};
    option_defaults(pruner->options, pruner->n_options, options);
    for (size_t k = 0; k < sizeof early / sizeof *early; k++)
        if (strcmp(pruner->name, early[k].pruner) == 0)
            set(early[k].option, early[k].value);
    ck_assert_msg(!pruner->check || pruner->check(options, &err) == 0, "%s: %s",
                  pruner->name, err.message);
}

static void setup(void)
{
    arena_init(&arena);
    space_init(&space);
    history_init(&history, &space);
}

static void teardown(void)
{
    history_done(&history);
    space_done(&space);
    arena_done(&arena);
}

static void restart(size_t trials)
{
    history_done(&history);
    history_init(&history, &space);
    for (size_t i = 0; i < trials; i++)
        history_append(&history, TRIAL_RUNNING, NULL);
}

static struct pruner_verdict decide(size_t number)
{
    struct pruner_verdict verdict;
    memset(&verdict, 0xa5, sizeof verdict);
    struct pruner_task task = {&history, number, options, 7, &arena};
    pruner_decide(pruner, &task, &verdict);
    arena_reset(&arena);
    ck_assert_msg(memchr(verdict.reason, 0, sizeof verdict.reason) != NULL,
                  "%s: the reason is not terminated", pruner->name);
    ck_assert_msg(verdict.prune == (verdict.reason[0] != 0),
                  "%s: a verdict and its reason disagree: '%s'", pruner->name,
                  verdict.reason);
    return verdict;
}

// Curves of different lengths with gaps; some reports are NaN or infinite.
static size_t make_facts(struct fact *facts, size_t trials, struct rng *rng)
{
    size_t n = 0;
    for (size_t i = 0; i < trials; i++) {
        int64_t length = 1 + (int64_t)rng_below(rng, 30);
        for (int64_t step = 0; step < length; step++) {
            double u = rng_uniform(rng);
            if (u < 0.3)
                continue;
            double value = rng_uniform(rng) + 1 / (1 + (double)step);
            if (u > 0.995)
                value = u > 0.998 ? NAN : INFINITY;
            facts[n++] = (struct fact){i, step, value};
        }
    }
    return n;
}

static void report(const struct fact *fact)
{
    history_report(&history, fact->trial, fact->step, fact->value);
}

START_TEST(test_the_order_of_arrival_does_not_matter)
{
    enum { TRIALS = 30, SHUFFLES = 5 };
    static struct fact facts[TRIALS * 30];
    static size_t order[TRIALS * 30];
    for (size_t p = 0; p < n_pruners; p++) {
        choose(p);
        struct rng rng = rng_at(11, p);
        size_t n = make_facts(facts, TRIALS, &rng), stopped = 0;
        restart(TRIALS);
        for (size_t i = 0; i < n; i++) {
            report(&facts[i]);
            order[i] = i;
        }
        struct pruner_verdict expected[TRIALS];
        for (size_t i = 0; i < TRIALS; i++) {
            expected[i] = decide(i);
            stopped += expected[i].prune;
        }
        ck_assert_msg((stopped > 0) == (strcmp(pruner->name, "nop") != 0),
                      "%s stops %zu of %d", pruner->name, stopped, TRIALS);
        for (int s = 0; s < SHUFFLES; s++) {
            rng_shuffle(&rng, order, n);
            restart(TRIALS);
            for (size_t i = 0; i < n; i++) {
                report(&facts[order[i]]);
                if (i % 3 == 0) // repeated, and an earlier one once more
                    report(&facts[order[i]]);
                if (i % 5 == 0)
                    report(&facts[order[i / 2]]);
            }
            for (size_t i = 0; i < TRIALS; i++) {
                struct pruner_verdict got = decide(i);
                ck_assert_msg(got.prune == expected[i].prune &&
                                  !strcmp(got.reason, expected[i].reason),
                              "%s, trial %zu: '%s' or '%s'", pruner->name, i,
                              got.reason, expected[i].reason);
            }
        }
    }
}
END_TEST

START_TEST(test_a_repeated_question_has_the_same_answer)
{
    static struct fact facts[20 * 30];
    for (size_t p = 0; p < n_pruners; p++) {
        choose(p);
        struct rng rng = rng_at(12, p);
        restart(20);
        size_t n = make_facts(facts, 20, &rng);
        for (size_t i = 0; i < n; i++)
            report(&facts[i]);
        for (size_t i = 0; i < 20; i++) {
            struct pruner_verdict first = decide(i), second = decide(i);
            ck_assert(first.prune == second.prune);
            ck_assert_str_eq(first.reason, second.reason);
        }
    }
}
END_TEST

START_TEST(test_not_a_number_stops_a_trial_under_all_but_nop)
{
    for (size_t p = 0; p < n_pruners; p++) {
        choose(p);
        bool nop = strcmp(pruner->name, "nop") == 0;
        restart(1);
        history_report(&history, 0, 2, 0.5);
        history_report(&history, 0, 5, NAN);
        struct pruner_verdict verdict = decide(0);
        ck_assert_msg(verdict.prune == !nop, "%s", pruner->name);
        if (!nop)
            ck_assert_str_eq(verdict.reason,
                             "the value at step 5 is not a number");
        history_report(&history, 0, 9, 0.4); // it stays stopped
        ck_assert(decide(0).prune == !nop);
    }
}
END_TEST

START_TEST(test_a_trial_without_reports_goes_on)
{
    for (size_t p = 0; p < n_pruners; p++) {
        choose(p);
        restart(10);
        for (size_t i = 1; i < 10; i++)
            history_report(&history, i, 1, 0.3);
        ck_assert_msg(!decide(0).prune, "%s", pruner->name);
    }
}
END_TEST

START_TEST(test_a_trial_alone_goes_on)
{
    for (size_t p = 0; p < n_pruners; p++) {
        choose(p);
        restart(1);
        for (int64_t step = 0; step < 30; step++) {
            history_report(&history, 0, step, 0.5);
            ck_assert_msg(!decide(0).prune, "%s", pruner->name);
        }
    }
}
END_TEST

START_TEST(test_the_best_trial_of_many_goes_on)
{
    // Trial 0 is the best at every step, and within the threshold.
    for (size_t p = 0; p < n_pruners; p++) {
        choose(p);
        restart(40);
        for (int64_t step = 0; step < 30; step++)
            for (size_t i = 0; i < 40; i++) {
                history_report(&history, i, step, 0.2 + 0.01 * (double)i);
                if (i == 0)
                    ck_assert_msg(!decide(0).prune, "%s", pruner->name);
            }
    }
}
END_TEST

START_TEST(test_equal_trials_go_on)
{
    for (size_t p = 0; p < n_pruners; p++) {
        choose(p);
        restart(20);
        for (int64_t step = 0; step < 30; step++)
            for (size_t i = 0; i < 20; i++) {
                history_report(&history, i, step, 0.5);
                ck_assert_msg(!decide(i).prune, "%s", pruner->name);
            }
    }
}
END_TEST

START_TEST(test_others_that_end_keep_counting)
{
    // What becomes of the others after their reports changes nothing.
    static struct fact facts[30 * 30];
    for (size_t p = 0; p < n_pruners; p++) {
        choose(p);
        struct rng rng = rng_at(13, p);
        restart(30);
        size_t n = make_facts(facts, 30, &rng);
        for (size_t i = 0; i < n; i++)
            report(&facts[i]);
        bool before[30];
        for (size_t i = 0; i < 30; i++)
            before[i] = decide(i).prune;
        for (size_t i = 0; i < 30; i++)
            history_move(&history, i,
                         (enum trial_state)(TRIAL_COMPLETE + i % 6), 0.5);
        for (size_t i = 0; i < 30; i++)
            ck_assert_msg(decide(i).prune == before[i], "%s", pruner->name);
    }
}
END_TEST

START_TEST(test_patience_only_takes_stops_back)
{
    // With patience a trial stops when it does without and got worse. A report
    // that is not a number is no matter of patience.
    static struct fact facts[30 * 30];
    size_t patient = 0, taken_back = 0;
    for (size_t p = 0; p < n_pruners; p++) {
        choose(p);
        if (strcmp(pruner->name, "nop") == 0)
            continue;
        struct rng rng = rng_at(15, p);
        restart(30);
        size_t n = make_facts(facts, 30, &rng);
        for (size_t i = 0; i < n; i++)
            report(&facts[i]);
        struct pruner_verdict without[30];
        for (size_t i = 0; i < 30; i++)
            without[i] = decide(i);
        set("patience", 2);
        patient++;
        for (size_t i = 0; i < 30; i++) {
            struct pruner_verdict with = decide(i);
            ck_assert_msg(!with.prune || without[i].prune ||
                              strcmp(pruner->name, "patient") == 0,
                          "%s stops %zu", pruner->name, i);
            ck_assert_msg(with.prune || !without[i].prune ||
                              without[i].limit_name,
                          "%s goes on after NaN", pruner->name);
            taken_back += without[i].prune && !with.prune;
        }
    }
    ck_assert_uint_eq(patient, n_pruners - 1);
    ck_assert_uint_gt(taken_back, 0);
}
END_TEST

START_TEST(test_two_thousand_trials_with_large_steps_are_judged)
{
    for (size_t p = 0; p < n_pruners; p++) {
        choose(p);
        restart(2000);
        struct rng rng = rng_at(14, p);
        for (size_t i = 0; i < 2000; i++) {
            history_report(&history, i, 10, rng_uniform(&rng));
            history_report(&history, i, INT64_C(1) << 52, rng_uniform(&rng));
        }
        for (size_t i = 0; i < 2000; i += 97)
            decide(i);
    }
}
END_TEST

START_TEST(test_the_registry_finds_each_by_its_name)
{
    ck_assert_uint_ge(n_pruners, 9);
    for (size_t p = 0; p < n_pruners; p++) {
        ck_assert_ptr_eq(pruner_find(pruners[p]->name), pruners[p]);
        ck_assert(pruners[p]->help && pruners[p]->help[0]);
        ck_assert_uint_le(pruners[p]->n_options, OPTION_MAX);
    }
    ck_assert_ptr_null(pruner_find("wishful"));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("pruners");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_the_order_of_arrival_does_not_matter);
    tcase_add_test(tests, test_a_repeated_question_has_the_same_answer);
    tcase_add_test(tests, test_not_a_number_stops_a_trial_under_all_but_nop);
    tcase_add_test(tests, test_a_trial_without_reports_goes_on);
    tcase_add_test(tests, test_a_trial_alone_goes_on);
    tcase_add_test(tests, test_the_best_trial_of_many_goes_on);
    tcase_add_test(tests, test_equal_trials_go_on);
    tcase_add_test(tests, test_others_that_end_keep_counting);
    tcase_add_test(tests, test_patience_only_takes_stops_back);
    tcase_add_test(tests, test_two_thousand_trials_with_large_steps_are_judged);
    tcase_add_test(tests, test_the_registry_finds_each_by_its_name);
    Suite *suite = suite_create("pruners");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
