// SPDX-License-Identifier: GPL-3.0-or-later
// restriction.c - what the points of a space must fulfil

#include "restriction.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

void restriction_free(struct restrictions *restrictions)
{
    if (!restrictions)
        return;
    arena_done(&restrictions->arena);
    free(restrictions);
}

// ---- what holds -------------------------------------------------------------

// Does it say nothing, since a parameter that it names is inactive?
static bool is_silent(const struct restriction *restriction,
                      const double *point)
{
    for (size_t i = 0; i < restriction->n; i++)
        if (isnan(point[restriction->params[i]]))
            return true;
    return false;
}

bool restriction_holds(const struct restriction *restriction,
                       const struct space *space, const double *point)
{
    return is_silent(restriction, point) ||
           expression_value(&restriction->expression, space, point) == 1;
}

const struct restriction *restriction_broken(const struct space *space,
                                             const double *point)
{
    const struct restrictions *all = space->restrictions;
    for (size_t i = 0; all && i < all->n; i++)
        if (!restriction_holds(&all->list[i], space, point))
            return &all->list[i];
    return NULL;
}

double restriction_miss(const struct space *space, size_t group,
                        const double *point)
{
    const struct restrictions *all = space->restrictions;
    double sum = 0;
    for (size_t i = 0; i < all->n; i++) {
        const struct restriction *r = &all->list[i];
        if (r->group != group || restriction_holds(r, space, point))
            continue;
        double miss =
            program_miss(r->expression.steps, r->expression.n, space, point);
        sum += fmax(miss, DBL_MIN);
    }
    return sum;
}

// ---- reading ----------------------------------------------------------------

// Writes which parameters an expression names, each once; returns how many.
static size_t named(const struct expression *expression, size_t *params)
{
    size_t n = 0;
    for (size_t i = 0; i < expression->n; i++) {
        const struct step *step = &expression->steps[i];
        bool known = step->kind != STEP_LOAD;
        for (size_t j = 0; j < n && !known; j++)
            known = params[j] == step->k;
        if (!known)
            params[n++] = step->k;
    }
    return n;
}

static int read(struct restrictions *all, const struct space *space,
                const char *text, struct error *err)
{
    struct restriction *r = &all->list[all->n];
    if (all->n == RESTRICTION_MOST)
        return error_set(err, ERROR_INVALID,
                         "a space must have at most %d constraints",
                         RESTRICTION_MOST);
    if (expression_read(text, space, &all->arena, &r->expression, err))
        return -1;
    if (!r->expression.truth)
        return error_set(err, ERROR_INVALID,
                         "column 1: expected a comparison, not a number");
    size_t *params =
        arena_alloc(&all->arena, (r->expression.n + 1) * sizeof *params);
    r->n = named(&r->expression, params);
    r->params = params;
    if (r->n == 0)
        return error_set(err, ERROR_INVALID,
                         "column 1: expected the name of a parameter "
                         "somewhere");
    r->text = arena_copy(&all->arena, text, strlen(text));
    all->n++;
    return 0;
}

// ---- groups -----------------------------------------------------------------

// The smallest parameter that is known to be tied to k; parents[k] leads there.
static size_t root(size_t *parents, size_t k)
{
    for (; parents[k] != k; k = parents[k])
        parents[k] = parents[parents[k]];
    return k;
}

static void unite(size_t *parents, size_t a, size_t b)
{
    a = root(parents, a);
    b = root(parents, b);
    parents[a < b ? b : a] = a < b ? a : b;
}

// Ties parameters that are named together to each other, and each one that is
// named to those that its conditions ask about, and so on.
static void tie(const struct restrictions *all, const struct space *space,
                size_t *parents, bool *used)
{
    for (size_t i = 0; i < all->n; i++)
        for (size_t j = 0; j < all->list[i].n; j++) {
            used[all->list[i].params[j]] = true;
            unite(parents, all->list[i].params[0], all->list[i].params[j]);
        }
    for (size_t k = space->n; k-- > 0;) { // parents stand before children
        const struct param *param = &space->params[k];
        for (size_t i = 0; used[k] && i < param->n_conditions; i++) {
            used[param->conditions[i].parent] = true;
            unite(parents, k, param->conditions[i].parent);
        }
    }
}

static void form_groups(struct restrictions *all, const struct space *space)
{
    struct arena scratch;
    arena_init(&scratch);
    size_t *parents = arena_zeros(&scratch, space->n + 1, sizeof *parents);
    bool *used = arena_zeros(&scratch, space->n + 1, sizeof *used);
    for (size_t k = 0; k < space->n; k++)
        parents[k] = k;
    tie(all, space, parents, used);
    all->n_groups = 0;
    for (size_t k = 0; k < space->n; k++)
        if (used[k])
            all->group[k] = root(parents, k) == k
                                ? all->n_groups++
                                : all->group[root(parents, k)];
    for (size_t k = 0; k < space->n; k++)
        if (!used[k])
            all->group[k] = all->n_groups;
    for (size_t i = 0; i < all->n; i++)
        all->list[i].group = all->group[all->list[i].params[0]];
    arena_done(&scratch);
}

int restriction_add(struct space *space, const char *text, struct error *err)
{
    if (!space->restrictions) {
        struct restrictions *all = memory_resize(NULL, 1, sizeof *all);
        *all = (struct restrictions){0};
        arena_init(&all->arena);
        all->group = arena_zeros(&all->arena, space->n + 1, sizeof *all->group);
        space->restrictions = all;
    }
    if (read(space->restrictions, space, text, err))
        return -1;
    form_groups(space->restrictions, space);
    return 0;
}
