// SPDX-License-Identifier: GPL-3.0-or-later
// contour_choose.c - the next point of a contour, and when there are enough

#include "contour_choose.h"

#include <math.h>
#include <string.h>

#include "normal.h"

enum {
    CLOSER = 256, // places of the sample that are judged anew
    BEST = 6,     // of which are looked around
    AROUND = 16,  // places around each
};

double contour_straddle(const struct gp_prediction *prediction, double kappa)
{
    return kappa * prediction->sd - fabs(prediction->mean);
}

double contour_misclassified(const struct gp_prediction *prediction)
{
    return normal_cdf(-fabs(prediction->mean) / prediction->sd);
}

struct contour_outlook contour_outlook(const struct contour_field *field,
                                       const struct contour_domain *domain,
                                       struct arena *arena)
{
    size_t n = domain->n;
    struct contour_outlook outlook = {.n = n, .n_curves = field->n_curves};
    outlook.valid = arena_doubles(arena, n);
    contour_field_valid(field, domain->x, n, arena, outlook.valid);
    for (size_t c = 0; c < field->n_curves; c++) {
        if (!field->curve[c].known)
            continue;
        outlook.curve[c] = arena_alloc(arena, n * sizeof **outlook.curve);
        contour_field_predict(field, c, domain->x, n, outlook.curve[c]);
    }
    return outlook;
}

double contour_area(const struct contour_outlook *outlook, size_t curve)
{
    double wrong = 0, all = 0;
    const struct gp_prediction *p = outlook->curve[curve];
    for (size_t i = 0; i < outlook->n && p; i++) {
        all += outlook->valid[i];
        wrong += outlook->valid[i] * contour_misclassified(&p[i]);
    }
    return all > 0 ? wrong / all : 0.5;
}

bool contour_taken(const struct contour_field *field, size_t d, const double *x)
{
    for (size_t i = 0; i < field->n_places; i++) {
        size_t k = 0;
        while (k < d && fabs(field->place[i * d + k] - x[k]) < 1e-3)
            k++;
        if (k == d)
            return true;
    }
    return false;
}

// ---- the next point ---------------------------------------------------------

// Points under consideration.
struct offer {
    size_t n;
    double *point, *x; // [n x space->n], [n x d]
    double *worth;     // [n]
};

static struct offer offer_for(size_t n, const struct contour_domain *domain,
                              struct arena *arena)
{
    return (struct offer){
        .point = arena_doubles(arena, (n + 1) * domain->space->n),
        .x = arena_doubles(arena, (n + 1) * domain->d),
        .worth = arena_doubles(arena, n + 1),
    };
}

// The worth of each of n places; -INFINITY when no curve is known.
static void judge(const struct contour_outlook *outlook, double kappa,
                  double *worth)
{
    for (size_t i = 0; i < outlook->n; i++) {
        double most = -INFINITY;
        for (size_t c = 0; c < outlook->n_curves; c++)
            if (outlook->curve[c])
                most =
                    fmax(most, contour_straddle(&outlook->curve[c][i], kappa));
        double valid = fmax(outlook->valid[i], 1e-6);
        worth[i] = most > 0 ? most * valid : most / valid;
    }
}

// The numbers of the `most` best, in order; returns how many there are.
static size_t best_of(const double *worth, size_t n, size_t most, size_t *best)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        if (worth[i] == -INFINITY ||
            (found == most && worth[i] <= worth[best[found - 1]]))
            continue;
        size_t at = found < most ? found++ : found - 1;
        for (; at > 0 && worth[best[at - 1]] < worth[i]; at--)
            best[at] = best[at - 1];
        best[at] = i;
    }
    return found;
}

// Judges what is offered by the field, and takes out what is taken.
static void weigh(const struct contour_field *field,
                  const struct contour_domain *domain, double kappa,
                  struct arena *arena, struct offer *offer)
{
    struct contour_domain there = {
        .d = domain->d, .n = offer->n, .x = offer->x};
    struct contour_outlook outlook = contour_outlook(field, &there, arena);
    judge(&outlook, kappa, offer->worth);
    for (size_t i = 0; i < offer->n; i++)
        if (contour_taken(field, domain->d, offer->x + i * domain->d))
            offer->worth[i] = -INFINITY;
}

// The places of the sample that are worth most by the outlook. Pending points
// only lower the worth of what is near them, so none is missed on their
// account.
static struct offer closer(const struct contour_outlook *outlook,
                           const struct contour_domain *domain, double kappa,
                           struct arena *arena)
{
    size_t n = domain->space->n, d = domain->d, best[CLOSER];
    double *worth = arena_doubles(arena, domain->n);
    struct offer offer = offer_for(CLOSER, domain, arena);
    judge(outlook, kappa, worth);
    offer.n = best_of(worth, domain->n, CLOSER, best);
    for (size_t i = 0; i < offer.n; i++) {
        memcpy(offer.point + i * n, domain->point + best[i] * n,
               n * sizeof *offer.point);
        memcpy(offer.x + i * d, domain->x + best[i] * d, d * sizeof *offer.x);
    }
    return offer;
}

// Allowed points around a point, no further than points of the sample are
// from each other.
static void add_around(struct offer *offer, const struct contour_domain *domain,
                       const double *point, struct rng *rng)
{
    const struct space *space = domain->space;
    double width = pow((double)domain->n, -1 / (double)space->n);
    for (size_t i = 0; i < AROUND; i++) {
        double unit[CONTOUR_MAX_PARAMS];
        double *to = offer->point + offer->n * space->n;
        space_encode(space, point, unit);
        for (size_t k = 0; k < space->n; k++)
            unit[k] =
                fmin(1, fmax(0, unit[k] + width * (2 * rng_uniform(rng) - 1)));
        space_decode(space, unit, to);
        offer->n +=
            contour_domain_allows(domain, to) &&
            contour_domain_place(domain, to, offer->x + offer->n * domain->d);
    }
}

bool contour_choose(const struct contour_field *field,
                    const struct contour_outlook *outlook,
                    const struct contour_domain *domain, struct rng *rng,
                    struct arena *arena, double *point)
{
    size_t best[BEST], best_near, n = domain->space->n;
    double kappa = sqrt(-2 * log1p(-rng_uniform(rng))); // root of chi^2_2
    struct offer far = closer(outlook, domain, kappa, arena);
    weigh(field, domain, kappa, arena, &far);
    size_t n_best = best_of(far.worth, far.n, BEST, best);
    if (n_best == 0)
        return false;
    struct offer near = offer_for(n_best * AROUND, domain, arena);
    for (size_t i = 0; i < n_best; i++)
        add_around(&near, domain, far.point + best[i] * n, rng);
    weigh(field, domain, kappa, arena, &near);
    const double *from = far.point + best[0] * n;
    if (best_of(near.worth, near.n, 1, &best_near) &&
        near.worth[best_near] > far.worth[best[0]])
        from = near.point + best_near * n;
    memcpy(point, from, n * sizeof *point);
    return true;
}
