// SPDX-License-Identifier: GPL-3.0-or-later
// test_space.c - the parameters of a study and the set of points they span

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../random_space.h"

static struct space space;
static struct error err;

static void setup(void)
{
    space_init(&space);
    error_clear(&err);
}

static void teardown(void)
{
    space_done(&space);
}

static char x[] = "x", y[] = "y", z[] = "z";

static struct param real(double low, double high, double step, bool log)
{
    return (struct param){.name = x,
                          .kind = PARAM_FLOAT,
                          .low = low,
                          .high = high,
                          .step = step,
                          .log = log};
}

static struct param whole(double low, double high, double step, bool log)
{
    struct param p = real(low, high, step, log);
    p.kind = PARAM_INT;
    return p;
}

// ---- definitions ------------------------------------------------------------

static const struct {
    enum param_kind kind;
    bool log;
    double low, high, step;
    const char *message;
} refused[] = {
    {PARAM_FLOAT, false, 3, 1, 0, "'x': low must not be above high, not 3 > 1"},
    {PARAM_FLOAT, false, NAN, 1, 0, "'x': low and high must be finite numbers"},
    {PARAM_FLOAT, false, 0, INFINITY, 0,
     "'x': low and high must be finite numbers"},
    {PARAM_FLOAT, true, 0, 1, 0, "'x': low must be above 0 with log, not 0"},
    {PARAM_FLOAT, true, -1, 1, 0, "'x': low must be above 0 with log, not -1"},
    {PARAM_FLOAT, false, 0, 1, -0.5, "'x': step must be 0 or more, not -0.5"},
    {PARAM_FLOAT, false, 0, 1, NAN, "'x': step must be 0 or more, not nan"},
    {PARAM_FLOAT, false, 0, 1, 2,
     "'x': step must be at most high - low, not 2 > 1"},
    {PARAM_FLOAT, true, 1, 2, 0.5, "'x': step and log exclude each other"},
    {PARAM_FLOAT, false, 1e9, 1e9 + 1, 1e-9,
     "'x': step must be at least 2^-48 of the bounds, not 1e-09"},
    {PARAM_FLOAT, false, -1e308, 1e308, 1e300,
     "'x': step must be at least 2^-48 of the bounds, not 1e+300"},
    {PARAM_INT, false, 0, 2.5, 1,
     "'x': low, high and step must be integers of at most 2^53"},
    {PARAM_INT, false, 0, 3, 1.5,
     "'x': low, high and step must be integers of at most 2^53"},
    {PARAM_INT, false, 0, 0x1p53 + 2, 1,
     "'x': low, high and step must be integers of at most 2^53"},
    {PARAM_INT, false, 0, 4, -1, "'x': step must be 0 or more, not -1"},
    {PARAM_INT, false, 0, 4, 5,
     "'x': step must be at most high - low, not 5 > 4"},
    {PARAM_INT, true, 0, 4, 1, "'x': low must be above 0 with log, not 0"},
    {PARAM_INT, true, 1, 4, 2, "'x': step and log exclude each other"},
    {(enum param_kind)9, 0, 1, 0, false, "'x': unknown kind 9"},
};

START_TEST(test_impossible_bounds_and_steps_are_refused)
{
    struct param p = real(refused[_i].low, refused[_i].high, refused[_i].step,
                          refused[_i].log);
    p.kind = refused[_i].kind;
    ck_assert_int_eq(space_add(&space, &p, &err), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_str_eq(err.message, refused[_i].message);
    ck_assert_uint_eq(space.n, 0);
}
END_TEST

START_TEST(test_names_are_neither_empty_nor_long_nor_repeated)
{
    char name[SPACE_MAX_NAME + 2];
    memset(name, 'n', sizeof name);
    name[SPACE_MAX_NAME + 1] = '\0';
    struct param p = real(0, 1, 0, false);
    p.name = name;
    ck_assert_int_eq(space_add(&space, &p, &err), -1);
    name[SPACE_MAX_NAME] = '\0';
    error_clear(&err);
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    ck_assert_int_eq(space_add(&space, &p, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "twice"));
    name[0] = '\0';
    error_clear(&err);
    ck_assert_int_eq(space_add(&space, &p, &err), -1);
}
END_TEST

START_TEST(test_choices_are_distinct_and_not_none)
{
    char *choices[] = {x, y, z, y};
    struct param p = {.name = x, .kind = PARAM_CATEGORICAL, .choices = choices};
    ck_assert_int_eq(space_add(&space, &p, &err), -1);
    error_clear(&err);
    p.n_choices = 4;
    ck_assert_int_eq(space_add(&space, &p, &err), -1);
    ck_assert_str_eq(err.message, "'x': choices must be distinct, not twice y");
    error_clear(&err);
    p.n_choices = SPACE_MAX_CHOICES + 1;
    ck_assert_int_eq(space_add(&space, &p, &err), -1);
    error_clear(&err);
    p.n_choices = 3;
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
}
END_TEST

START_TEST(test_discrete_values_ascend)
{
    double values[] = {1, 2, 2};
    struct param p = {.name = x, .kind = PARAM_DISCRETE, .levels = values};
    p.n_choices = 3;
    ck_assert_int_eq(space_add(&space, &p, &err), -1);
    error_clear(&err);
    values[2] = NAN;
    ck_assert_int_eq(space_add(&space, &p, &err), -1);
    error_clear(&err);
    values[2] = 2.5;
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
}
END_TEST

START_TEST(test_a_space_keeps_its_own_copy)
{
    char name[] = "x", choice[] = "\"a\"";
    char *choices[] = {choice};
    struct param p = {.name = name,
                      .kind = PARAM_CATEGORICAL,
                      .n_choices = 1,
                      .choices = choices};
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    name[0] = choice[1] = '?';
    ck_assert_str_eq(space.params[0].name, "x");
    ck_assert_str_eq(space.params[0].choices[0], "\"a\"");
}
END_TEST

START_TEST(test_high_is_lowered_to_the_last_step)
{
    struct param p = real(0, 1, 0.3, false);
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    ck_assert_double_eq(space.params[0].high, 3 * 0.3);
    ck_assert_uint_eq(param_levels(&space.params[0]), 4);
    struct param q = whole(-3, 7, 4, false);
    q.name = y;
    ck_assert_int_eq(space_add(&space, &q, &err), 0);
    ck_assert_double_eq(space.params[1].high, 5);
    ck_assert_uint_eq(param_levels(&space.params[1]), 3);
}
END_TEST

START_TEST(test_a_decimal_step_reaches_a_decimal_high)
{
    // 0.3 / 0.1 < 3 in doubles, and 3 * 0.1 > 0.3.
    struct param p = real(0, 0.3, 0.1, false);
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    ck_assert_double_eq(space.params[0].high, 0.3);
    ck_assert_uint_eq(param_levels(&space.params[0]), 4);
    ck_assert_double_eq(param_value(&space.params[0], 3), 0.3);
}
END_TEST

START_TEST(test_decimal_steps_give_decimal_values)
{
    struct param p = real(0, 1, 0.1, false);
    const double tenths[] = {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1};
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    for (size_t i = 0; i <= 10; i++)
        ck_assert(param_value(&space.params[0], i) == tenths[i]);
}
END_TEST

START_TEST(test_an_int_without_step_counts_by_one)
{
    struct param p = whole(1, 5, 0, true);
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    ck_assert_uint_eq(param_levels(&space.params[0]), 5);
}
END_TEST

START_TEST(test_normal_form_is_normal)
{
    struct rng rng = rng_at(41, 0);
    for (int i = 0; i < 500; i++) {
        if (random_param_add(&space, &rng, false, &err))
            ck_abort_msg("%s", err.message);
        struct param *p = &space.params[space.n - 1], again = *p;
        ck_assert_int_eq(param_normalize(&again, &err), 0);
        ck_assert(again.low == p->low && again.high == p->high);
        ck_assert(again.step == p->step && again.log == p->log);
        ck_assert_int_eq(again.kind, p->kind);
        ck_assert_uint_eq(again.n_choices, p->n_choices);
        ck_assert_ptr_eq(again.levels, p->levels);
    }
}
END_TEST

// ---- conditions -------------------------------------------------------------

static int add_conditional(char *name, size_t parent, double *values, size_t n)
{
    struct condition c = {.parent = parent, .n = n, .values = values};
    struct param p = {
        .name = name, .kind = PARAM_BOOL, .n_conditions = 1, .conditions = &c};
    error_clear(&err);
    return space_add(&space, &p, &err);
}

START_TEST(test_conditions_that_cannot_hold_are_refused)
{
    struct param f = real(0, 1, 0.5, false), b = {.name = y};
    b.kind = PARAM_BOOL;
    ck_assert_int_eq(space_add(&space, &f, &err), 0);
    ck_assert_int_eq(space_add(&space, &b, &err), 0);
    double one[] = {1}, two[] = {2};
    ck_assert_int_eq(add_conditional(z, 0, one, 1), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "float 'x'"));
    ck_assert_int_eq(add_conditional(z, 2, one, 1), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "defined before"));
    ck_assert_int_eq(add_conditional(z, 1, two, 1), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "cannot take"));
    ck_assert_int_eq(add_conditional(z, 1, one, 0), -1);
    ck_assert_int_eq(add_conditional(z, 1, one, 1), 0);
}
END_TEST

START_TEST(test_inactive_parents_make_inactive_children)
{
    struct param b = {.name = x, .kind = PARAM_BOOL};
    double one[] = {1};
    ck_assert_int_eq(space_add(&space, &b, &err), 0);
    ck_assert_int_eq(add_conditional(y, 0, one, 1), 0);
    ck_assert_int_eq(add_conditional(z, 1, one, 1), 0);
    double unit[3] = {0.25, 0.75, 0.75}, point[3];
    space_decode(&space, unit, point);
    ck_assert_double_eq(point[0], 0);
    ck_assert_double_nan(point[1]);
    ck_assert_double_nan(point[2]);
    unit[0] = 0.75;
    space_decode(&space, unit, point);
    ck_assert_double_eq(point[2], 1);
}
END_TEST

START_TEST(test_check_names_what_is_wrong)
{
    struct param p = whole(1, 9, 2, false), b = {.name = y};
    b.kind = PARAM_BOOL;
    double one[] = {1};
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    ck_assert_int_eq(space_add(&space, &b, &err), 0);
    ck_assert_int_eq(add_conditional(z, 1, one, 1), 0);
    const struct {
        double point[3];
        const char *message;
    } wrong[] = {
        {{0, 1, 1}, "'x' must be between 1 and 9, not 0"},
        {{11, 1, 1}, "'x' must be between 1 and 9, not 11"},
        {{1.5, 1, 1}, "'x' must be an integer, not 1.5"},
        {{2, 1, 1}, "'x' must be 1 plus a multiple of 2, not 2"},
        {{INFINITY, 1, 1}, "'x' must be between 1 and 9, not inf"},
        {{NAN, 1, 1}, "'x' is missing"},
        {{1, 2, 1}, "'y' must be between 0 and 1, not 2"},
        {{1, 1, NAN}, "'z' is missing"},
        {{1, 0, 1}, "'z' must be absent, because its condition does not hold"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        error_clear(&err);
        ck_assert_int_eq(space_check(&space, wrong[i].point, &err), -1);
        ck_assert_str_eq(err.message, wrong[i].message);
    }
    error_clear(&err);
    ck_assert_int_eq(space_check(&space, (double[]){3, 1, 0}, &err), 0);
    ck_assert_int_eq(space_check(&space, (double[]){3, 0, NAN}, &err), 0);
}
END_TEST

// What could make a reader of choices or levels look beyond them.
START_TEST(test_a_point_from_elsewhere_has_coordinates_of_its_parameters)
{
    struct param integer = whole(1, 4, 1, false), choice = {.name = y};
    choice.kind = PARAM_BOOL;
    ck_assert_int_eq(space_add(&space, &integer, &err), 0);
    ck_assert_int_eq(space_add(&space, &choice, &err), 0);
    static const double good[][2] = {{1, 0}, {99, 1}, {NAN, NAN}};
    static const double bad[][2] = {
        {1, 2}, {1, -1}, {1, 0.5}, {1e300, 0}, {INFINITY, 0}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert(space_holds(&space, good[i], 2));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert(!space_holds(&space, bad[i], 2));
    ck_assert(!space_holds(&space, good[0], 1));
}
END_TEST

START_TEST(test_find_gives_the_index)
{
    struct param p = real(0, 1, 0, false);
    ck_assert_int_eq(space_find(&space, "x"), -1);
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    p.name = y;
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    ck_assert_int_eq(space_find(&space, "y"), 1);
    ck_assert_int_eq(space_find(&space, "z"), -1);
}
END_TEST

START_TEST(test_at_most_the_documented_number_of_parameters)
{
    char name[24];
    struct param p = real(0, 1, 0, false);
    p.name = name;
    for (int i = 0; i < SPACE_MAX_PARAMS; i++) {
        snprintf(name, sizeof name, "%d", i);
        ck_assert_int_eq(space_add(&space, &p, &err), 0);
    }
    p.name = x;
    ck_assert_int_eq(space_add(&space, &p, &err), -1);
}
END_TEST

// ---- encoding ---------------------------------------------------------------

// Adds the parameter and decodes u; the derivation stands beside the call.
static double decoded(struct param p, double u)
{
    space_done(&space);
    double point;
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    space_decode(&space, &u, &point);
    ck_assert_int_eq(space_check(&space, &point, &err), 0);
    return point;
}

START_TEST(test_decoding_follows_the_formulas)
{
    ck_assert(decoded(real(-1, 3, 0, false), 0.25) == 0);
    // ln v is halfway between ln 1e-4 and ln 1, so v = 1e-2
    ck_assert_double_eq_tol(decoded(real(1e-4, 1, 0, true), 0.5), 1e-2, 1e-16);
    // 3 cells of a third each: 0.34 is in the second
    ck_assert(decoded(whole(5, 7, 1, false), 0.34) == 6);
    ck_assert(decoded(whole(5, 7, 1, false), 0.33) == 5);
    // log int 1..4: ln v in [ln 0.5, ln 4.5], so the cell of 1 ends at
    // u = ln 3 / ln 9 = 1/2
    ck_assert(decoded(whole(1, 4, 1, true), 0.499) == 1);
    ck_assert(decoded(whole(1, 4, 1, true), 0.501) == 2);
    ck_assert(decoded(real(2, 2, 0, false), 0.9) == 2);
    // NaN counts as 1/2
    ck_assert(decoded(real(0, 8, 0, false), NAN) == 4);
}
END_TEST

START_TEST(test_encoding_follows_the_formulas)
{
    struct param p = whole(1, 4, 1, true), q = real(2, 2, 0, false);
    // ln(1 / 0.5) / ln(4.5 / 0.5)
    ck_assert_double_eq_tol(param_encode(&p, 1), log(2) / log(9), 1e-15);
    ck_assert_double_eq(param_encode(&q, 2), 0.5);
    p = whole(5, 7, 1, false);
    ck_assert_double_eq(param_encode(&p, 6), 0.5);
    p = real(-1, 3, 0, false);
    ck_assert_double_eq(param_encode(&p, 0), 0.25);
}
END_TEST

START_TEST(test_the_ends_of_the_unit_interval_are_the_bounds)
{
    static const double bounds[][2] = {
        {-DBL_MAX, DBL_MAX}, {0, 5e-324},        {1, 1 + DBL_EPSILON},
        {-1e300, 1e-300},    {5e-324, DBL_MAX},  {1e-300, 1e300},
        {0.1, 0.3},          {1e16, 1e16 + 2},   {DBL_MIN, 4 * DBL_MIN},
        {0.1, 0.1 + 1e-16},  {1e10, 1e10 + 1e-6}};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        double low = bounds[i][0], high = bounds[i][1];
        struct param p = real(low, high, 0, false);
        ck_assert(decoded(p, 0) == low);
        ck_assert(decoded(p, 1) == high);
        ck_assert(param_encode(&p, low) == (low == high ? 0.5 : 0));
        ck_assert(param_encode(&p, high) == (low == high ? 0.5 : 1));
        p.log = low > 0;
        ck_assert(decoded(p, 0) == low);
        ck_assert(decoded(p, 1) == high);
        double middle = decoded(p, 0.5);
        ck_assert(middle >= low && middle <= high);
    }
}
END_TEST

START_TEST(test_the_widest_ints_stay_in_range)
{
    static const struct {
        double low, high, step;
        bool log;
    } wide[] = {{-0x1p53, 0x1p53, 1, false},   {0, 0x1p53, 1, false},
                {-0x1p53, 0x1p53, 3, false},   {1, 0x1p53, 1, true},
                {0x1p53 - 1, 0x1p53, 1, true}, {0x1p53, 0x1p53, 7, false}};
    struct rng rng = rng_at(43, 0);
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        for (int j = 0; j < 1000; j++) {
            double u = j == 0 ? 0 : j == 1 ? 1 : rng_uniform(&rng);
            double v = decoded(
                whole(wide[i].low, wide[i].high, wide[i].step, wide[i].log), u);
            double again = param_decode(&space.params[0],
                                        param_encode(&space.params[0], v));
            ck_assert_double_le(fabs(again - v), 2e-14 * 0x1p53);
        }
}
END_TEST

START_TEST(test_log_ints_of_2_to_the_40_come_back_exactly)
{
    struct param p = whole(1, 0x1p40, 1, true);
    struct rng rng = rng_at(47, 0);
    for (int i = 0; i < 20000; i++) {
        double v = 1 + (double)rng_below(&rng, UINT64_C(1) << 40);
        if (i < 1000)
            v = 0x1p40 - i;
        ck_assert(param_decode(&p, param_encode(&p, v)) == v);
    }
}
END_TEST

// What rounding may do to a continuous value: some units in the last place of
// the larger bound, or of the value times the width of the range in ln v.
static double rounding(const struct param *p, double v)
{
    if (param_levels(p) != 0)
        return 0;
    if (p->log)
        return DBL_EPSILON * v * (8 + 4 * (log(p->high) - log(p->low)));
    return 4 * DBL_EPSILON * fmax(fabs(p->low), fabs(p->high));
}

static void check_round_trip(const struct space *s, const double *point)
{
    double unit[20], again[20];
    space_encode(s, point, unit);
    space_decode(s, unit, again);
    for (size_t k = 0; k < s->n; k++) {
        ck_assert(isnan(point[k]) == isnan(unit[k]));
        ck_assert(isnan(point[k]) == isnan(again[k]));
        ck_assert(isnan(unit[k]) || (unit[k] >= 0 && unit[k] <= 1));
        if (!isnan(point[k]))
            ck_assert_msg(
                fabs(again[k] - point[k]) <= rounding(&s->params[k], point[k]),
                "kind %d [%.17g, %.17g] step %.17g log %d: %.17g "
                "became %.17g",
                (int)s->params[k].kind, s->params[k].low, s->params[k].high,
                s->params[k].step, s->params[k].log, point[k], again[k]);
    }
}

START_TEST(test_any_unit_point_decodes_to_a_valid_point_and_back)
{
    struct rng rng = rng_at(53, 0);
    for (int i = 0; i < 3000; i++) {
        size_t n = 1 + (size_t)rng_below(&rng, 20);
        while (space.n < n)
            if (random_param_add(&space, &rng, false, &err))
                ck_abort_msg("%s", err.message);
        for (int j = 0; j < 10; j++) {
            double unit[20], point[20];
            for (size_t k = 0; k < n; k++)
                unit[k] = j == 0   ? 0
                          : j == 1 ? 1
                          : j == 2 ? nextafter(1, 0)
                                   : rng_uniform(&rng);
            space_decode(&space, unit, point);
            if (space_check(&space, point, &err))
                ck_abort_msg("%s", err.message);
            check_round_trip(&space, point);
        }
        space_done(&space);
    }
}
END_TEST

START_TEST(test_every_level_comes_back_exactly)
{
    struct rng rng = rng_at(59, 0);
    for (int i = 0; i < 2000; i++) {
        if (random_param_add(&space, &rng, i % 2, &err))
            ck_abort_msg("%s", err.message);
        const struct param *p = &space.params[0];
        size_t levels = param_levels(p);
        for (size_t j = 0; j < levels && j < 1000; j++) {
            double v = param_value(p, j);
            ck_assert_int_eq(param_check(p, v, &err), 0);
            ck_assert_uint_eq(param_nearest(p, v), j);
            ck_assert(param_decode(p, param_encode(p, v)) == v);
        }
        space_done(&space);
    }
}
END_TEST

START_TEST(test_a_client_may_compute_a_step_with_rounding)
{
    struct param p = real(0.1, 2, 0.07, false);
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    double sum = 0.1;
    for (int i = 0; i < 27; i++) {
        ck_assert_int_eq(space_check(&space, &sum, &err), 0);
        sum += 0.07;
    }
    double off = 0.1 + 1e-9;
    ck_assert_int_eq(space_check(&space, &off, &err), -1);
}
END_TEST

START_TEST(test_an_empty_space_has_one_point)
{
    ck_assert_double_eq(space_cells(&space), 1);
    ck_assert_int_eq(space_check(&space, NULL, &err), 0);
    space_decode(&space, NULL, NULL);
    space_encode(&space, NULL, NULL);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("space");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, test_impossible_bounds_and_steps_are_refused, 0,
                        sizeof refused / sizeof *refused);
    tcase_add_test(cases, test_names_are_neither_empty_nor_long_nor_repeated);
    tcase_add_test(cases, test_choices_are_distinct_and_not_none);
    tcase_add_test(cases, test_discrete_values_ascend);
    tcase_add_test(cases, test_a_space_keeps_its_own_copy);
    tcase_add_test(cases, test_high_is_lowered_to_the_last_step);
    tcase_add_test(cases, test_a_decimal_step_reaches_a_decimal_high);
    tcase_add_test(cases, test_decimal_steps_give_decimal_values);
    tcase_add_test(cases, test_an_int_without_step_counts_by_one);
    tcase_add_test(cases, test_normal_form_is_normal);
    tcase_add_test(cases, test_conditions_that_cannot_hold_are_refused);
    tcase_add_test(cases, test_inactive_parents_make_inactive_children);
    tcase_add_test(cases, test_check_names_what_is_wrong);
    tcase_add_test(cases, test_find_gives_the_index);
    tcase_add_test(cases, test_at_most_the_documented_number_of_parameters);
    tcase_add_test(cases, test_decoding_follows_the_formulas);
    tcase_add_test(cases, test_encoding_follows_the_formulas);
    tcase_add_test(cases, test_the_ends_of_the_unit_interval_are_the_bounds);
    tcase_add_test(cases, test_the_widest_ints_stay_in_range);
    tcase_add_test(cases, test_log_ints_of_2_to_the_40_come_back_exactly);
    tcase_add_test(cases,
                   test_any_unit_point_decodes_to_a_valid_point_and_back);
    tcase_add_test(cases, test_every_level_comes_back_exactly);
    tcase_add_test(cases, test_a_client_may_compute_a_step_with_rounding);
    tcase_add_test(
        cases, test_a_point_from_elsewhere_has_coordinates_of_its_parameters);
    tcase_add_test(cases, test_an_empty_space_has_one_point);
    Suite *suite = suite_create("space");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
