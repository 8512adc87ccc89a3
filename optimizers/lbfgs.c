// SPDX-License-Identifier: GPL-3.0-or-later
// lbfgs.c - a smooth function of many variables, minimised in a box

#include "lbfgs.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum {
    MEMORY = 8,    // steps that are remembered
    SHORTENED = 20 // times that a step may be
};

struct state {
    const struct lbfgs_problem *problem;
    size_t evaluations;
    double value, *x, *gradient;
    double next_value, *next, *next_gradient;
    double *direction;        // to be subtracted
    bool *held;               // by a bound
    double *step[MEMORY];     // changes of x
    double *change[MEMORY];   // changes of the gradient
    double curvature[MEMORY]; // their product
    size_t n_steps;           // ever remembered
};

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static double evaluate(struct state *s, const double *x, double *gradient)
{
    s->evaluations++;
    return s->problem->value(s->problem->context, x, gradient);
}

static struct state start(const struct lbfgs_problem *problem,
                          struct arena *arena, double *x)
{
    size_t n = problem->n;
    struct state s = {.problem = problem, .x = x};
    s.gradient = arena_doubles(arena, n);
    s.next = arena_doubles(arena, n);
    s.next_gradient = arena_doubles(arena, n);
    s.direction = arena_doubles(arena, n);
    s.held = arena_zeros(arena, n + 1, sizeof *s.held);
    for (size_t j = 0; j < MEMORY; j++) {
        s.step[j] = arena_doubles(arena, n);
        s.change[j] = arena_doubles(arena, n);
    }
    for (size_t i = 0; i < n; i++)
        x[i] = clamp(x[i], problem->low[i], problem->high[i]);
    s.value = evaluate(&s, x, s.gradient);
    return s;
}

// Finds the variables that a bound holds back; returns the largest component
// of the projected gradient.
static double look_around(struct state *s)
{
    const struct lbfgs_problem *p = s->problem;
    double largest = 0;
    for (size_t i = 0; i < p->n; i++) {
        double x = s->x[i], g = s->gradient[i];
        double moved = clamp(x - g, p->low[i], p->high[i]) - x;
        largest = fmax(largest, fabs(moved));
        s->held[i] = (x <= p->low[i] && g >= 0) || (x >= p->high[i] && g <= 0);
    }
    return largest;
}

// The gradient without the variables that are held, no longer than 1.
static void descend(struct state *s)
{
    size_t n = s->problem->n;
    for (size_t i = 0; i < n; i++)
        s->direction[i] = s->held[i] ? 0 : s->gradient[i];
    double length = sqrt(dot(s->direction, s->direction, n));
    for (size_t i = 0; i < n && length > 1; i++)
        s->direction[i] /= length;
}

// a += factor * b where nothing is held
static void add(const struct state *s, double *a, double factor,
                const double *b)
{
    for (size_t i = 0; i < s->problem->n; i++)
        a[i] += s->held[i] ? 0 : factor * b[i];
}

// The two-loop recursion.
static void turn(struct state *s)
{
    size_t n = s->problem->n;
    size_t kept = s->n_steps < MEMORY ? s->n_steps : MEMORY;
    double *p = s->direction, weight[MEMORY] = {0};
    for (size_t i = 0; i < n; i++)
        p[i] = s->held[i] ? 0 : s->gradient[i];
    for (size_t q = 1; q <= kept; q++) {
        size_t j = (s->n_steps - q) % MEMORY;
        weight[j] = dot(s->step[j], p, n) / s->curvature[j];
        add(s, p, -weight[j], s->change[j]);
    }
    size_t last = (s->n_steps - 1) % MEMORY;
    double scale =
        s->curvature[last] / dot(s->change[last], s->change[last], n);
    for (size_t i = 0; i < n; i++)
        p[i] *= scale;
    for (size_t q = kept; q >= 1; q--) {
        size_t j = (s->n_steps - q) % MEMORY;
        double back = dot(s->change[j], p, n) / s->curvature[j];
        add(s, p, weight[j] - back, s->step[j]);
    }
}

// Finds s->next along the bent path; false: no step is good enough.
static bool search(struct state *s)
{
    const struct lbfgs_problem *p = s->problem;
    double length = 1;
    for (int i = 0; i < SHORTENED && s->evaluations < p->max_evaluations; i++) {
        double expected = 0;
        for (size_t k = 0; k < p->n; k++) {
            s->next[k] = clamp(s->x[k] - length * s->direction[k], p->low[k],
                               p->high[k]);
            expected += s->gradient[k] * (s->next[k] - s->x[k]);
        }
        s->next_value = evaluate(s, s->next, s->next_gradient);
        if (isfinite(s->next_value) &&
            s->next_value <= s->value + 1e-4 * expected)
            return true;
        length *= i ? 0.5 : 0.3;
    }
    return false;
}

// Goes to s->next and remembers the step if the function curves upwards along
// it. Returns its squared length.
static double advance(struct state *s)
{
    size_t n = s->problem->n, j = s->n_steps % MEMORY;
    for (size_t i = 0; i < n; i++) {
        s->step[j][i] = s->next[i] - s->x[i];
        s->change[j][i] = s->next_gradient[i] - s->gradient[i];
    }
    double length = dot(s->step[j], s->step[j], n);
    s->curvature[j] = dot(s->step[j], s->change[j], n);
    if (s->curvature[j] > 1e-10 * length)
        s->n_steps++;
    memcpy(s->x, s->next, n * sizeof *s->x);
    memcpy(s->gradient, s->next_gradient, n * sizeof *s->gradient);
    s->value = s->next_value;
    return length;
}

double lbfgs_minimise(const struct lbfgs_problem *problem, struct arena *arena,
                      double *x)
{
    struct state s = start(problem, arena, x);
    while (isfinite(s.value) && s.evaluations < problem->max_evaluations) {
        if (look_around(&s) < problem->tolerance)
            break;
        if (s.n_steps)
            turn(&s);
        if (!s.n_steps || dot(s.gradient, s.direction, problem->n) <= 0) {
            s.n_steps = 0;
            descend(&s);
        }
        double before = s.value;
        if (!search(&s))
            break;
        double length = advance(&s);
        if (length < 1e-20 || before - s.value < 1e-9 * (1 + fabs(s.value)))
            break;
    }
    return s.value;
}
