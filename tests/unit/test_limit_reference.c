// SPDX-License-Identifier: GPL-3.0-or-later
// test_limit_reference.c - every row of the table of reference values
//
// Rows about limits compare the library; rows about the models that tests throw
// toys of (counting.h, profile.h, nuisance.h) compare those, and so the exact
// answers that other tests lean on.

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "cholesky.h"
#include "counting.h"
#include "limit_allocate.h"
#include "limit_asymptotic.h"
#include "limit_cls.h"
#include "limit_interpolate.h"
#include "limit_probit.h"
#include "normal.h"
#include "nuisance.h"
#include "plane.h"
#include "profile.h"
#include "reference.h"

static struct reference rows[REFERENCE_ROWS];
static size_t count;

static void setup(void)
{
    count = reference_read(__FILE__, rows);
    ck_assert_uint_eq(count, REFERENCE_ROWS);
}

static double in(const struct reference *row, const char *name)
{
    return reference_input(row, name);
}

static unsigned events(const struct reference *row)
{
    return (unsigned)in(row, "n");
}

// Compares all rows of a group with what `compute` makes of them.
static void compare(const char *group, size_t expected,
                    double (*compute)(const struct reference *row))
{
    size_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].group, group) != 0)
            continue;
        double got = compute(&rows[i]);
        ck_assert_msg(fabs(got - rows[i].value) <= rows[i].tolerance,
                      "%s %s %s: %.12g, not %.12g", rows[i].id, rows[i].inputs,
                      rows[i].quantity, got, rows[i].value);
        seen++;
    }
    ck_assert_uint_eq(seen, expected);
}

// ---- counting ---------------------------------------------------------------

static double limit_of_count(const struct reference *row)
{
    return counting_limit(events(row), in(row, "b"), in(row, "alpha"));
}

static double cls_of_count(const struct reference *row)
{
    double s = in(row, "s"), b = in(row, "b");
    if (reference_asks(row, "CLsb"))
        return gsl_cdf_poisson_P(events(row), s + b);
    if (reference_asks(row, "CLb"))
        return gsl_cdf_poisson_P(events(row), b);
    return counting_cls(events(row), s, b);
}

static double band_of_count(const struct reference *row)
{
    unsigned n = counting_quantile(in(row, "quantile"), in(row, "b"));
    return reference_asks(row, "n_at")
               ? n
               : counting_limit(n, in(row, "b"), in(row, "alpha"));
}

static double statistic(const struct reference *row)
{
    double mu = in(row, "mu"), s = in(row, "s"), b = in(row, "b");
    double n = in(row, "n"), expected = mu * s + b;
    double bounded = counting_q(n, expected, b, true);
    double asimov = counting_q(b, expected, b, true);
    struct limit_tails tails = limit_asymptotic_tails(bounded, asimov, true);
    if (reference_asks(row, "q_mu_Asimov"))
        return asimov;
    if (reference_asks(row, "q_mu"))
        return counting_q(n, expected, b, false);
    if (reference_asks(row, "qtilde"))
        return bounded;
    if (reference_asks(row, "CLs_asymptotic"))
        return exp(tails.log_sb - tails.log_b);
    return n >= expected ? 1 : counting_cls(events(row), mu * s, b);
}

static double discovery(const struct reference *row)
{
    if (reference_asks(row, "Z_Asimov"))
        return sqrt(
            limit_asymptotic_q0(in(row, "s") + in(row, "b"), in(row, "b")));
    if (reference_asks(row, "p0_exact")) // at least n events
        return gsl_cdf_poisson_Q(events(row) - 1, in(row, "b"));
    double q0 = limit_asymptotic_q0(in(row, "n"), in(row, "b"));
    return reference_asks(row, "q0") ? q0 : sqrt(q0);
}

static double tail(const struct reference *row)
{
    if (reference_asks(row, "lnPhi"))
        return normal_log_cdf(-in(row, "z"));
    return counting_log_cls(events(row), in(row, "s"), in(row, "b"));
}

// An analytic exclusion in a plane of two masses.
static double plane(const struct reference *row)
{
    const char *curve = strncmp(row->id, "I_exp", 5) == 0 ? row->id + 5 : NULL;
    double limit = plane_s95(&PLANE_HARD, curve ? strtod(curve, NULL) : 0);
    double m1 = in(row, "m1"),
           signal = plane_signal(&PLANE_HARD, m1, in(row, "m2"));
    if (reference_asks(row, "s95"))
        return limit;
    if (reference_asks(row, "m1_reach"))
        return 200 * pow(plane_most(&PLANE_HARD, 200) / limit, 1 / 4.5);
    if (reference_asks(row, "m2_contour"))
        return plane_contour(&PLANE_HARD, m1, limit);
    if (reference_asks(row, "Nsig"))
        return signal;
    return reference_asks(row, "lnCLs") ? counting_log_cls(3, signal, 3)
                                        : log(limit / signal);
}

START_TEST(test_counting_experiments)
{
    compare("A_count_UL", 91, limit_of_count);
    compare("A_count_CLs", 24, cls_of_count);
    compare("B_count_exp", 74, band_of_count);
    compare("D_teststat", 40, statistic);
    compare("I_plane", 85, plane);
    compare("J_disc", 11, discovery);
    compare("M_stable", 8, tail);
}
END_TEST

// ---- asymptotics ------------------------------------------------------------

static double gaussian(const struct reference *row)
{
    double x = in(row, "x");
    return reference_asks(row, "mu_up_CLsb")
               ? x - normal_quantile(0.05)
               : limit_asymptotic_normal(x, 1, 0.05);
}

static double factor(const struct reference *row)
{
    return limit_asymptotic_factor(in(row, "N"), in(row, "alpha"));
}

static double expected_cls(const struct reference *row)
{
    return exp(limit_asymptotic_expected(in(row, "qA"), in(row, "N")));
}

static double asymptotic_cls(const struct reference *row)
{
    bool bounded = strstr(row->inputs, "stat=qtilde");
    struct limit_tails tails =
        limit_asymptotic_tails(in(row, "q"), in(row, "qA"), bounded);
    return exp(tails.log_sb - tails.log_b);
}

START_TEST(test_asymptotic_formulas)
{
    compare("C_gauss", 10, gaussian);
    compare("C_band", 15, factor);
    compare("C_bandCLs", 15, expected_cls);
    compare("C_asym", 10, asymptotic_cls);
}
END_TEST

// ---- two bins with a shape uncertainty --------------------------------------

// s = 12, 11; b = 50 +- 3, 52 +- 7; n = 51, 48.
static const struct profile PYHF = {
    2, {12, 11}, {50, 52}, {2500.0 / 9, 2704.0 / 49}};
static const struct profile_data PYHF_DATA = {{51, 48},
                                              {2500.0 / 9, 2704.0 / 49}};

static struct limit_asimov told(const struct profile *model,
                                const struct profile_data *data, double mu)
{
    struct profile_data asimov = profile_asimov(model, data);
    return (struct limit_asimov){mu, profile_q(model, data, mu, true),
                                 profile_q(model, &asimov, mu, true)};
}

// The asymptotic limit from 21 told points, 0.2 apart.
static double from_points(const struct profile *model,
                          const struct profile_data *data, double sigmas)
{
    struct limit_asimov points[21];
    double limit = 0;
    for (int i = 0; i < 21; i++)
        points[i] = told(model, data, 0.2 * i);
    ck_assert(limit_asymptotic_limit(points, 21, sigmas, true, 0.05, &limit));
    return limit;
}

static double log_cls(const struct limit_asimov *told, double sigmas)
{
    if (sigmas != LIMIT_ASYMPTOTIC_OBSERVED)
        return limit_asymptotic_expected(told->q_asimov, sigmas);
    struct limit_tails tails =
        limit_asymptotic_tails(told->q, told->q_asimov, true);
    return tails.log_sb - tails.log_b;
}

// The same where the worker is asked for any mu.
static double crossing(const struct profile *model,
                       const struct profile_data *data, double sigmas)
{
    double low = 0.05, high = 8;
    for (int i = 0; i < 60; i++) {
        double middle = 0.5 * (low + high);
        struct limit_asimov here = told(model, data, middle);
        if (log_cls(&here, sigmas) > log(0.05))
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

static double curve_of(const char *name)
{
    return strstr(name, "obs") ? LIMIT_ASYMPTOTIC_OBSERVED
                               : reference_sigmas(name);
}

// A curve of PYHF at n equally spaced points of [0, 5].
static void grid(double sigmas, size_t n, double *mu, double *cls)
{
    for (size_t i = 0; i < n; i++) {
        mu[i] = 5.0 * (double)i / (double)(n - 1);
        struct limit_asimov here = told(&PYHF, &PYHF_DATA, mu[i]);
        cls[i] = i == 0 ? 1 : exp(log_cls(&here, sigmas));
    }
}

static double interpolated(double sigmas, size_t n,
                           enum limit_interpolation how)
{
    double mu[21], cls[21], result = 0;
    grid(sigmas, n, mu, cls);
    ck_assert(limit_interpolate(mu, cls, n, 0.05, how, &result));
    return result;
}

static double pyhf(const struct reference *row)
{
    const char *what = row->quantity;
    struct limit_asimov here = told(&PYHF, &PYHF_DATA, 1);
    struct limit_tails tails =
        limit_asymptotic_tails(here.q, here.q_asimov, true);
    struct profile_data asimov = profile_asimov(&PYHF, &PYHF_DATA);
    if (reference_asks(row, "mu_up_lin"))
        return interpolated(curve_of(what), strstr(row->id, "21") ? 21 : 11,
                            LIMIT_LINEAR);
    if (reference_asks(row, "mu_up"))
        return crossing(&PYHF, &PYHF_DATA, curve_of(what));
    if (reference_asks(row, "CLs_exp"))
        return exp(log_cls(&here, curve_of(what)));
    if (reference_asks(row, "qA"))
        return here.q_asimov;
    if (reference_asks(row, "qtilde"))
        return here.q;
    if (reference_asks(row, "q_mu"))
        return profile_q(&PYHF, &PYHF_DATA, 1, false);
    if (reference_asks(row, "muhat"))
        return profile_best(&PYHF, &PYHF_DATA, -3);
    size_t bin = what[strlen(what) - 1] == '2';
    if (reference_asks(row, "gamma_cond"))
        return profile_gamma(&PYHF, bin, &PYHF_DATA, what[13] - '0');
    if (reference_asks(row, "nA"))
        return asimov.n[bin];
    if (reference_asks(row, "mA"))
        return asimov.m[bin];
    double b = reference_asks(row, "CLs") && !strcmp(what, "CLsb") ? 0 : 1;
    return strcmp(what, "CLb") ? exp(tails.log_sb - b * tails.log_b)
                               : exp(tails.log_b);
}

static double shared_grid(const struct reference *row)
{
    double sigmas = curve_of(row->id), mu[11], cls[11];
    if (reference_asks(row, "CLs")) {
        grid(sigmas, 11, mu, cls);
        return cls[(size_t)lround(in(row, "mu") * 2)];
    }
    return interpolated(sigmas, 11,
                        reference_asks(row, "mu_up_linear") ? LIMIT_LINEAR
                        : reference_asks(row, "mu_up_loglinear")
                            ? LIMIT_LOG_LINEAR
                            : LIMIT_PARABOLA);
}

static double validated(const struct reference *row)
{
    const struct nuisance lumi = {1, 0, {20}, {100}, {110}, {90}, {55}, 0},
                          norm = {2,          1,          {30, 95},
                                  {100, 150}, {1.1, 1.1}, {0.9, 0.9},
                                  {120, 180}, 0},
                          histo = {2,          0,          {30, 95},
                                   {100, 150}, {102, 190}, {98, 100},
                                   {120, 180}, 0};
    const struct profile shape = {1, {10}, {50}, {2500.0 / 49}};
    const struct profile_data data = {{55}, {2500.0 / 49}};
    struct limit_asimov here = told(&shape, &data, 1);
    if (!strstr(row->id, "shapesys")) {
        const struct nuisance *model = strstr(row->id, "lumi")   ? &lumi
                                       : strstr(row->id, "norm") ? &norm
                                                                 : &histo;
        struct nuisance asimov = nuisance_asimov(model);
        here.q = nuisance_q(model, 1);
        here.q_asimov = nuisance_q(&asimov, 1);
    }
    struct limit_tails tails =
        limit_asymptotic_tails(here.q, here.q_asimov, false);
    return reference_asks(row, "CLs_obs")
               ? exp(tails.log_sb - tails.log_b)
               : exp(log_cls(&here, curve_of(row->quantity)));
}

START_TEST(test_two_bins_of_pyhf)
{
    compare("E_pyhf2bin", 49, pyhf);
    compare("H2_grid11", 84, shared_grid);
}
END_TEST

START_TEST(test_validation_of_pyhf)
{
    compare("E_pyhf_validation", 24, validated);
}
END_TEST

START_TEST(test_asymptotic_limits_between_points)
{
    const double sigmas[] = {LIMIT_ASYMPTOTIC_OBSERVED, -2, -1, 0, 1, 2};
    for (size_t i = 0; i < 6; i++)
        ck_assert_double_eq_tol(from_points(&PYHF, &PYHF_DATA, sigmas[i]),
                                crossing(&PYHF, &PYHF_DATA, sigmas[i]), 1e-5);
}
END_TEST

// ---- on and off, exactly ----------------------------------------------------

enum { LATTICE = 256 };

// A possible outcome of a toy.
struct outcome {
    double q, sb, b, cls;
};

struct exact {
    double q, gamma, gamma_0, sb, b, band[5];
};

static int by_q(const void *a, const void *b)
{
    double x = ((const struct outcome *)a)->q;
    double y = ((const struct outcome *)b)->q;
    return x > y ? -1 : x < y;
}

static int by_cls(const void *a, const void *b)
{
    double x = ((const struct outcome *)a)->cls;
    double y = ((const struct outcome *)b)->cls;
    return x < y ? -1 : x > y;
}

// q~ of one bin, whose best mu has a closed form.
static double onoff_q(const struct profile *model, double n, double m,
                      double mu)
{
    struct profile_data data = {{n}, {m}};
    double b = model->b[0], tau = model->tau[0], s = model->s[0];
    double best = fmax((n - m / tau * b) / s, 0);
    if (best > mu)
        return 0;
    double gamma = best > 0 ? m / tau : (n + m) / (b + tau);
    double loss =
        profile_term(n, best * s + gamma * b) + profile_term(m, gamma * tau);
    return fmax(profile_loss(model, &data, mu) - loss, 0);
}

// CLs for each outcome as data; equal within 1e-9 counts for both.
static void accumulate(struct outcome *outcomes, size_t n)
{
    double sb = 0, b = 0;
    for (size_t begin = 0, end; begin < n; begin = end) {
        end = begin;
        do {
            sb += outcomes[end].sb;
            b += outcomes[end].b;
            end++;
        } while (end < n && outcomes[end - 1].q - outcomes[end].q <= 1e-9);
        for (size_t i = begin; i < end; i++)
            outcomes[i].cls = b > 0 ? sb / b : 0;
    }
}

// All outcomes of toys thrown at the best gammas of the data (n, m).
static struct exact enumerate(const struct profile *model, double n, double m,
                              double mu)
{
    static struct outcome outcomes[LATTICE * LATTICE];
    struct profile_data data = {{n}, {m}};
    struct exact exact = {.q = onoff_q(model, n, m, mu),
                          .gamma = profile_gamma(model, 0, &data, mu),
                          .gamma_0 = profile_gamma(model, 0, &data, 0)};
    double b = model->b[0], tau = model->tau[0];
    size_t size = 0;
    double most = fmax(mu * model->s[0] + exact.gamma * b, exact.gamma_0 * b);
    double most_off = fmax(exact.gamma, exact.gamma_0) * tau;
    double on = most + 12 * sqrt(most) + 30;
    double off = most_off + 12 * sqrt(most_off) + 30;
    ck_assert(on < LATTICE && off < LATTICE);
    for (unsigned i = 0; i < on; i++)
        for (unsigned j = 0; j < off; j++)
            outcomes[size++] = (struct outcome){
                .q = onoff_q(model, i, j, mu),
                .sb =
                    gsl_ran_poisson_pdf(i, mu * model->s[0] + exact.gamma * b) *
                    gsl_ran_poisson_pdf(j, exact.gamma * tau),
                .b = gsl_ran_poisson_pdf(i, exact.gamma_0 * b) *
                     gsl_ran_poisson_pdf(j, exact.gamma_0 * tau)};
    for (size_t i = 0; i < size; i++) {
        exact.sb += outcomes[i].q >= exact.q - 1e-9 ? outcomes[i].sb : 0;
        exact.b += outcomes[i].q >= exact.q - 1e-9 ? outcomes[i].b : 0;
    }
    qsort(outcomes, size, sizeof *outcomes, by_q);
    accumulate(outcomes, size);
    qsort(outcomes, size, sizeof *outcomes, by_cls);
    double sum = 0;
    size_t at = 0;
    for (int k = 0; k < 5; k++) {
        while (at < size && sum + outcomes[at].b < normal_cdf(k - 2) - 1e-13)
            sum += outcomes[at++].b;
        exact.band[k] = outcomes[at].cls;
    }
    return exact;
}

static double onoff_limit(const struct profile *model, double n, double m)
{
    double low = 0.05, high = 8;
    for (int i = 0; i < 20; i++) {
        double middle = 0.5 * (low + high);
        struct exact exact = enumerate(model, n, m, middle);
        if (exact.sb > 0.05 * exact.b)
            low = middle;
        else
            high = middle;
    }
    return high;
}

static double onoff(const struct reference *row)
{
    const struct profile model = {
        1, {in(row, "s")}, {in(row, "b")}, {in(row, "tau")}};
    double n = in(row, "n"), m = in(row, "m"), mu = in(row, "mu");
    const struct profile_data data = {{n}, {m}};
    if (reference_asks(row, "mu_up_exact"))
        return onoff_limit(&model, n, m);
    if (reference_asks(row, "mu_up"))
        return crossing(&model, &data, LIMIT_ASYMPTOTIC_OBSERVED);
    struct limit_asimov here = told(&model, &data, mu);
    if (reference_asks(row, "CLs_exp_asym"))
        return exp(log_cls(&here, curve_of(row->quantity)));
    if (reference_asks(row, "CLs_asymptotic"))
        return exp(log_cls(&here, LIMIT_ASYMPTOTIC_OBSERVED));
    struct exact exact = enumerate(&model, n, m, mu);
    if (reference_asks(row, "CLs_exp"))
        return exact.band[(int)reference_sigmas(row->quantity) + 2];
    if (reference_asks(row, "CLsb"))
        return exact.sb;
    if (reference_asks(row, "CLs"))
        return exact.sb / exact.b;
    return reference_asks(row, "CLb")    ? exact.b
           : reference_asks(row, "qobs") ? exact.q
           : reference_asks(row, "gmu")  ? exact.gamma
                                         : exact.gamma_0;
}

START_TEST(test_on_off_experiments)
{
    compare("F_onoff_exact", 193, onoff);
}
END_TEST

// ---- statistics -------------------------------------------------------------

static double binomial(const struct reference *row)
{
    const struct limit_counts counts = {in(row, "ksb"), in(row, "nsb"),
                                        in(row, "kb"), in(row, "nb")};
    struct limit_cls cls = limit_cls(&counts);
    double low, high;
    limit_cls_interval(counts.k_sb, counts.n_sb, &low, &high);
    if (reference_asks(row, "CLs_err"))
        return cls.wald;
    if (reference_asks(row, "CLsb_CP68_lo"))
        return low;
    if (reference_asks(row, "CLsb"))
        return high;
    if (reference_asks(row, "CLs"))
        return cls.cls;
    return reference_asks(row, "E_ln")    ? cls.log_mean
           : reference_asks(row, "sd_ln") ? cls.log_sd
                                          : limit_cls_below(&cls, 0.05);
}

static double budget(const struct reference *row)
{
    double sigmas = in(row, "N"), p_b = normal_cdf(sigmas), p_sb = 0.05 * p_b;
    bool expected = strstr(row->group, "exp");
    double z_sb = -normal_quantile(p_sb);
    double ratio = exp((sigmas * sigmas - z_sb * z_sb) / 2);
    double v_sb = (1 - p_sb) / p_sb;
    double v_b = expected ? ratio * ratio * p_b * (1 - p_b) / (p_sb * p_sb)
                          : (1 - p_b) / p_b;
    double slope =
        -limit_probit_slope(z_sb) * limit_asymptotic_factor(sigmas, 0.05);
    if (reference_asks(row, "CLb"))
        return p_b;
    if (reference_asks(row, "CLsb"))
        return p_sb;
    if (reference_asks(row, "abs_dln"))
        return slope;
    if (reference_asks(row, "var_coef_sb"))
        return v_sb;
    if (reference_asks(row, "var_coef_b"))
        return v_b;
    double split = limit_neyman(v_sb, v_b, 0, 0);
    if (reference_asks(row, "opt_ratio"))
        return split;
    double accuracy = in(row, "limit rel. precision");
    double per_toy = v_sb * (1 + split) / split + v_b * (1 + split);
    return per_toy / pow(accuracy * slope, 2);
}

static double probit(const struct reference *row)
{
    double x[5], k_sb[5], n_sb[5], k_b[5], n_b[5];
    for (int i = 0; i < 5; i++) {
        x[i] = reference_entry(row, "mu", i) - in(row, "centre");
        k_sb[i] = reference_entry(row, "ksb", i);
        n_sb[i] = reference_entry(row, "nsb", i);
        k_b[i] = reference_entry(row, "kb", i);
        n_b[i] = reference_entry(row, "nb", i);
    }
    struct limit_probit sb, b;
    ck_assert(limit_probit_fit(
        &(struct limit_probit_data){.n = 5, .x = x, .hits = k_sb, .toys = n_sb},
        2, &sb));
    ck_assert(limit_probit_fit(
        &(struct limit_probit_data){.n = 5, .x = x, .hits = k_b, .toys = n_b},
        1, &b));
    int power = row->quantity[strlen(row->quantity) - 1] - '0';
    if (reference_asks(row, "theta"))
        return reference_asks(row, "theta_sb") ? sb.theta[power]
                                               : b.theta[power];
    double low = -0.6, high = 0.6;
    for (int i = 0; i < 60; i++) {
        double middle = 0.5 * (low + high);
        if (limit_probit_log(&sb, middle) - limit_probit_log(&b, middle) >
            log(0.05))
            low = middle;
        else
            high = middle;
    }
    if (!reference_asks(row, "mu_up_err"))
        return in(row, "centre") + low;
    double slope = limit_probit_slope(limit_probit_z(&sb, low)) *
                       (sb.theta[1] + 2 * sb.theta[2] * low) -
                   limit_probit_slope(limit_probit_z(&b, low)) * b.theta[1];
    return sqrt(limit_probit_variance(&sb, low) +
                limit_probit_variance(&b, low)) /
           fabs(slope);
}

// A parabola in ln CLs by weighted least squares, what the fit of counts is
// there to replace: its root and the error of that.
static double least_squares(const double *mu, const double *cls, bool error)
{
    const double sd[] = {0.02, 0.03, 0.05, 0.08, 0.15};
    double matrix[9] = {0}, theta[3] = {0};
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 3; j++) {
            double f = pow(mu[i] - 1.8, j) / (sd[i] * sd[i]);
            theta[j] += f * log(cls[i] / 0.05);
            for (int k = 0; k < 3; k++)
                matrix[3 * k + j] += f * pow(mu[i] - 1.8, k);
        }
    ck_assert(cholesky_factor(matrix, 3, 3));
    cholesky_solve(matrix, 3, 3, true, theta);
    cholesky_solve(matrix, 3, 3, false, theta);
    double root = 0, slope = 0;
    for (int i = 0; i < 50; i++) { // Newton
        slope = theta[1] + 2 * theta[2] * root;
        root -= (theta[0] + root * (theta[1] + root * theta[2])) / slope;
    }
    double row[3] = {1, root, root * root}, sum = 0;
    cholesky_solve(matrix, 3, 3, true, row);
    for (int i = 0; i < 3; i++)
        sum += row[i] * row[i];
    return error ? sqrt(sum) / fabs(slope) : 1.8 + root;
}

static double interpolation(const struct reference *row)
{
    double mu[5], cls[5], result = 0;
    for (int i = 0; i < 5; i++) {
        mu[i] = 0.5 * (i + 1);
        cls[i] = counting_cls(3, 3 * mu[i], 3);
    }
    if (reference_asks(row, "CLs"))
        return cls[lround(in(row, "mu") * 2) - 1];
    if (reference_asks(row, "mu_up_true"))
        return counting_limit(3, 3, 0.05) / 3;
    if (reference_asks(row, "mu_up_logquad"))
        return least_squares(mu, cls, strstr(row->quantity, "err"));
    ck_assert(limit_interpolate(
        mu, cls, 5, 0.05,
        reference_asks(row, "mu_up_linear") ? LIMIT_LINEAR : LIMIT_LOG_LINEAR,
        &result));
    return result;
}

START_TEST(test_statistics_of_counts)
{
    compare("G_binomial", 49, binomial);
    compare("H_interp", 10, interpolation);
    compare("L_budget", 30, budget);
    compare("L_budget_exp", 25, budget);
    compare("N_probit", 7, probit);
}
END_TEST

// ---- a Gaussian process -----------------------------------------------------

static double correlation(const double *x, const double *y, bool matern)
{
    double r = hypot((x[0] - y[0]) / 0.4, (x[1] - y[1]) / 0.6);
    double z = sqrt(5) * r;
    return matern ? (1 + z + z * z / 3) * exp(-z) : exp(-0.5 * r * r);
}

static double process(const struct reference *row)
{
    const double x[4][2] = {{0.1, 0.2}, {0.8, 0.3}, {0.5, 0.9}, {0.3, 0.6}};
    const double at[3][2] = {{0.45, 0.5}, {0.9, 0.9}, {0.2, 0.4}};
    const double noise[4] = {0.01, 0.04, 0, 0.02};
    double matrix[16], y[4] = {-1.2, 0.7, 0.4, -0.3}, k[4];
    bool matern = strstr(row->id, "matern");
    for (int i = 0; i < 16; i++)
        matrix[i] = 1.5 * correlation(x[i / 4], x[i % 4], matern) +
                    (i / 4 == i % 4 ? noise[i / 4] : 0);
    ck_assert(cholesky_factor(matrix, 4, 4));
    cholesky_solve(matrix, 4, 4, true, y);
    if (reference_asks(row, "log_marginal")) {
        double sum = -2 * log(2 * M_PI);
        for (int i = 0; i < 4; i++)
            sum -= 0.5 * y[i] * y[i] + log(matrix[5 * i]);
        return sum;
    }
    int where = row->id[strlen(row->id) - 1] - '0';
    double mean = 0, variance = 1.5;
    for (int i = 0; i < 4; i++)
        k[i] = 1.5 * correlation(x[i], at[where], matern);
    cholesky_solve(matrix, 4, 4, true, k);
    for (int i = 0; i < 4; i++) {
        mean += k[i] * y[i];
        variance -= k[i] * k[i];
    }
    double sd = sqrt(variance);
    return reference_asks(row, "mean")       ? mean
           : reference_asks(row, "sd")       ? sd
           : reference_asks(row, "straddle") ? 1.96 * sd - fabs(mean)
                                             : normal_cdf(-fabs(mean) / sd);
}

START_TEST(test_gaussian_process)
{
    compare("K_gp", 26, process);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("limit reference");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, test_counting_experiments);
    tcase_add_test(tests, test_asymptotic_formulas);
    tcase_add_test(tests, test_two_bins_of_pyhf);
    tcase_add_test(tests, test_validation_of_pyhf);
    tcase_add_test(tests, test_asymptotic_limits_between_points);
    tcase_add_test(tests, test_on_off_experiments);
    tcase_add_test(tests, test_statistics_of_counts);
    tcase_add_test(tests, test_gaussian_process);
    Suite *suite = suite_create("limit reference");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
