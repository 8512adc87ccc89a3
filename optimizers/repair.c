// SPDX-License-Identifier: GPL-3.0-or-later
// repair.c - a point where all restrictions of its space hold

#include "repair.h"

#include <math.h>
#include <string.h>

#include "restriction.h"

enum {
    WORK = 1000000, // parameters decoded and steps computed in a call
    DRAWS = 200,    // before a group is led
    STARTS = 10,    // of a group that is led, at least
    MIXED = 8,      // changes inside per parameter, when it was led there
};

// One group at one time.
struct search {
    const struct space *space;
    struct rng *rng;
    size_t group, n_members, n_free;
    size_t *members; // [n_members] ascending: conditions need the ones before
    size_t *free;    // [n_free] of them, not held
    const double *given; // [d] the point to begin with
    double *first;       // [d] its unit coordinates, NaN where inactive
    double *unit;        // [d] those of now, also of what is inactive
    double *point;       // [d] what was looked at last
    double left;         // evaluations
};

// ---- evaluations ------------------------------------------------------------

// Writes coordinate k of the point, after those before it. What was not changed
// is not rounded.
static void place(const struct search *s, size_t k)
{
    if (!space_active(s->space, s->point, k))
        s->point[k] = NAN;
    else if (s->unit[k] == s->first[k])
        s->point[k] = s->given[k];
    else
        s->point[k] = param_decode(&s->space->params[k], s->unit[k]);
}

// Places the group; returns how far it is off.
static double look(struct search *s)
{
    s->left--;
    for (size_t i = 0; i < s->n_members; i++)
        place(s, s->members[i]);
    return restriction_miss(s->space, s->group, s->point);
}

// ---- moves ------------------------------------------------------------------

static double draw_all(struct search *s)
{
    for (size_t i = 0; i < s->n_free; i++)
        s->unit[s->free[i]] = rng_uniform(s->rng);
    return look(s);
}

// Moves one coordinate anywhere, or by a step of random width, 1e-3 to 0.3.
static void move(struct search *s, size_t k)
{
    double u = s->unit[k];
    if (rng_below(s->rng, 2)) {
        s->unit[k] = rng_uniform(s->rng);
        return;
    }
    u += pow(10, -3 + 2.5 * rng_uniform(s->rng)) * rng_normal(s->rng);
    u = fabs(u); // reflected: what only a corner meets should not be met
    s->unit[k] = u > 1 ? fmax(2 - u, 0) : u;
}

// Changes one or two coordinates if that leads no further away than `most`;
// returns how far it is off then.
static double change(struct search *s, double now, double most)
{
    size_t a = s->free[rng_below(s->rng, s->n_free)];
    size_t b = s->free[rng_below(s->rng, s->n_free)];
    bool two = rng_below(s->rng, 2);
    double at_a = s->unit[a], at_b = s->unit[b];
    move(s, a);
    if (two && a != b)
        move(s, b);
    double then = look(s);
    if (then <= most)
        return then;
    s->unit[a] = at_a;
    s->unit[b] = at_b;
    return now;
}

// Leads the group to where all holds, by so many changes at most.
static bool lead(struct search *s, double now, double changes)
{
    double end = fmax(s->left - changes, 0);
    while (now > 0 && s->left > end)
        now = change(s, now, now);
    return now <= 0;
}

// ---- a group ----------------------------------------------------------------

static bool find_anew(struct search *s)
{
    double share = s->left / STARTS;
    for (int i = 0; i < DRAWS && s->left > 0; i++)
        if (draw_all(s) <= 0)
            return true;
    while (s->left > 0) {
        if (!lead(s, draw_all(s), share))
            continue;
        for (size_t i = 0; i < MIXED * s->n_free; i++)
            change(s, 0, 0);
        return true;
    }
    return false;
}

static bool find_near(struct search *s)
{
    double share = s->left / STARTS;
    return lead(s, look(s), share) || find_anew(s);
}

// Evaluations that a group may cost, a thousand at least.
static double allowance(const struct search *s)
{
    const struct restrictions *all = s->space->restrictions;
    double steps = (double)s->n_members;
    for (size_t i = 0; i < all->n; i++)
        if (all->list[i].group == s->group)
            steps += (double)all->list[i].expression.n;
    return fmax(WORK / (steps + 10) / (double)all->n_groups, 1000);
}

static void begin(struct search *s, size_t group, const bool *held)
{
    const size_t *groups = s->space->restrictions->group;
    s->group = group;
    s->n_members = s->n_free = 0;
    for (size_t k = 0; k < s->space->n; k++) {
        if (groups[k] != group)
            continue;
        s->members[s->n_members++] = k;
        if (!held || !held[k])
            s->free[s->n_free++] = k;
    }
    s->left = allowance(s);
}

// ---- a point ----------------------------------------------------------------

static struct search search_at(const struct space *space, struct rng *rng,
                               struct arena *arena, const double *point)
{
    size_t d = space->n;
    struct search s = {.space = space,
                       .rng = rng,
                       .members = arena_alloc(arena, d * sizeof *s.members),
                       .free = arena_alloc(arena, d * sizeof *s.free),
                       .given = point,
                       .first = arena_doubles(arena, d),
                       .unit = arena_doubles(arena, d),
                       .point = arena_doubles(arena, d)};
    space_encode(space, point, s.first);
    for (size_t k = 0; k < d; k++) {
        double drawn = rng_uniform(rng);
        s.unit[k] = isnan(point[k]) ? drawn : s.first[k];
        s.point[k] = point[k];
    }
    return s;
}

static bool repair(const struct space *space, const bool *held,
                   bool (*find)(struct search *s), struct rng *rng,
                   struct arena *arena, double *point)
{
    const struct restrictions *all = space->restrictions;
    if (restriction_allows(space, point))
        return true;
    struct search s = search_at(space, rng, arena, point);
    for (size_t group = 0; group < all->n_groups; group++) {
        if (restriction_miss(space, group, point) <= 0)
            continue;
        begin(&s, group, held);
        if (s.n_free == 0 || !find(&s))
            return false;
    }
    for (size_t k = 0; k < space->n; k++)
        place(&s, k);
    if (!restriction_allows(space, s.point))
        return false;
    memcpy(point, s.point, space->n * sizeof *point);
    return true;
}

bool repair_anew(const struct space *space, const bool *held, struct rng *rng,
                 struct arena *arena, double *point)
{
    return repair(space, held, find_anew, rng, arena, point);
}

bool repair_near(const struct space *space, struct rng *rng,
                 struct arena *arena, double *point)
{
    return repair(space, NULL, find_near, rng, arena, point);
}

bool repair_draw(const struct space *space, struct rng *rng,
                 struct arena *arena, double *point)
{
    double *unit = arena_doubles(arena, space->n);
    for (size_t k = 0; k < space->n; k++)
        unit[k] = rng_uniform(rng);
    space_decode(space, unit, point);
    return repair_anew(space, NULL, rng, arena, point);
}
