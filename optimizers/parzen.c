// SPDX-License-Identifier: GPL-3.0-or-later
// parzen.c - a density over a space, learnt from observed points
//
// Kernels are kept in columns, one array per parameter and quantity, padded to
// whole blocks: the inner loops run over a block of kernels at a time, without
// branches, and the compiler turns them into vector instructions.

#include "parzen.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "exponential.h"
#include "normal.h"
#include "slot.h"

enum { BLOCK = 32 }; // kernels

static const double PRIOR_CENTRE = 0.5;
static const double PRIOR_DEVIATION = 1;

// Categorical: centre holds the index of the choice (-1: absent), offset the
// value of a miss. Otherwise ln f(x) = offset - ((x - centre) * scale)^2, but
// for the first `wide` slots ln f = mass[level * rows + row].
struct parzen_factor {
    double *centre, *scale, *offset; // [n, padded]
    double hit;                      // categorical: ln f of the same choice
    double *deviation;               // [n] bandwidths
    bool *present;                   // [n]
    size_t n_sorted;
    double *sorted; // [n_sorted] what bandwidths are measured between
    size_t wide;
    size_t rows;
    uint32_t *row; // [n]
    double *mass;  // [wide x rows]
};

static bool categorical(const struct param *param)
{
    return param->kind == PARAM_CATEGORICAL || param->kind == PARAM_BOOL;
}

static size_t padded(size_t n)
{
    return (n + BLOCK - 1) / BLOCK * BLOCK;
}

// ---- building ---------------------------------------------------------------

// Sorts order[0..n) by 16 bits of unit[order[i]]: two passes of counting.
static void sort_by_unit(const double *unit, size_t n, uint32_t *order,
                         uint32_t *spare)
{
    for (unsigned shift = 0; shift < 16; shift += 8) {
        size_t count[257] = {0};
        for (size_t i = 0; i < n; i++)
            count[1 + (((unsigned)(unit[order[i]] * 65535) >> shift) & 255)]++;
        for (size_t i = 0; i < 256; i++)
            count[i + 1] += count[i];
        for (size_t i = 0; i < n; i++) {
            unsigned key = (unsigned)(unit[order[i]] * 65535) >> shift;
            spare[count[key & 255]++] = order[i];
        }
        memcpy(order, spare, n * sizeof *order);
    }
}

static double clip(double width, double floor)
{
    return width < floor ? floor : width > 1 ? 1 : width;
}

// Bandwidth of a point that lies between `left` and `right`.
static double bandwidth(const struct parzen_plan *plan, double left,
                        double right)
{
    return clip((plan->wide ? 1 : 0.25) * (right - left), plan->floor);
}

// Bandwidth of a point that is not among sorted[0..n).
static double bandwidth_among(const struct parzen_plan *plan,
                              const double *sorted, size_t n, double u)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted[middle] < u)
            low = middle + 1;
        else
            high = middle;
    }
    return bandwidth(plan, low ? sorted[low - 1] : 0,
                     low < n ? sorted[low] : 1);
}

// Fills sorted and, unless there is a mixture around, deviation.
// `order` receives the kernels that have the parameter, by their centre.
static size_t measure(const struct parzen_plan *plan, size_t n,
                      struct parzen_factor *f, uint32_t *order,
                      struct arena *arena)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (f->present[i] || i == plan->n)
            order[m++] = (uint32_t)i;
    uint32_t *spare = arena_alloc(arena, m * sizeof *spare);
    sort_by_unit(f->centre, m, order, spare);
    f->n_sorted = m;
    f->sorted = arena_doubles(arena, m);
    for (size_t i = 0; i < m; i++)
        f->sorted[i] = f->centre[order[i]];
    for (size_t i = 0; i < m; i++)
        f->deviation[order[i]] = bandwidth(plan, i ? f->sorted[i - 1] : 0,
                                           i + 1 < m ? f->sorted[i + 1] : 1);
    return m;
}

// ln of the mass that a kernel has in [0, 1].
static double log_inside(double centre, double deviation)
{
    if (centre > 8.3 * deviation && 1 - centre > 8.3 * deviation)
        return 0; // what is outside is below the rounding of 1
    return normal_log_mass(-centre / deviation, (1 - centre) / deviation);
}

// The edges of the wide slots, one more than there are slots.
static double *wide_edges(const struct param *param, size_t wide,
                          struct arena *arena)
{
    double *edges = arena_doubles(arena, wide + 1);
    for (size_t c = 0; c < wide; c++)
        edges[c] = slot_of_level(param, c).low;
    edges[wide] = slot_of_level(param, wide - 1).high;
    return edges;
}

// The probability beyond |z| on one side; nothing where it could not be told
// from 1 on the other side.
static double tail(double z)
{
    return fabs(z) > 9 ? 0 : normal_cdf(-fabs(z));
}

// ln of the masses of the wide slots under one kernel, into its row. Each is a
// difference of the smaller tails, so that nothing cancels.
static void fill_row(struct parzen_factor *f, const double *edges,
                     size_t kernel)
{
    double centre = f->centre[kernel], deviation = f->deviation[kernel];
    double inside = log_inside(centre, deviation);
    double low = (edges[0] - centre) / deviation;
    double low_tail = tail(low);
    for (size_t c = 0; c < f->wide; c++) {
        double high = (edges[c + 1] - centre) / deviation;
        double high_tail = tail(high);
        double mass = low > 0    ? low_tail - high_tail
                      : high < 0 ? high_tail - low_tail
                                 : 1 - low_tail - high_tail;
        f->mass[c * f->rows + f->row[kernel]] =
            mass > 0 ? log(mass) - inside : -INFINITY;
        low = high;
        low_tail = high_tail;
    }
}

// Kernels with the same centre and bandwidth share a row of masses; in the
// order of their centres such kernels are neighbours.
static void tabulate(const struct param *param, size_t n, const uint32_t *order,
                     struct parzen_factor *f, struct arena *arena)
{
    f->row = arena_alloc(arena, n * sizeof *f->row);
    uint32_t rows = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t k = order[i], last = i ? order[i - 1] : k;
        if (i == 0 || f->centre[k] != f->centre[last] ||
            f->deviation[k] != f->deviation[last])
            rows++;
        f->row[k] = rows - 1;
    }
    f->rows = rows;
    f->mass = arena_doubles(arena, f->rows * f->wide);
    const double *edges = wide_edges(param, f->wide, arena);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || f->row[order[i]] != f->row[order[i - 1]])
            fill_row(f, edges, order[i]);
}

static void normalise(double slot_width, size_t n, struct parzen_factor *f)
{
    double s = 0, scale = 0, peak = 0; // shared by runs of equal bandwidths
    for (size_t i = 0; i < n; i++) {
        if (s != f->deviation[i]) {
            s = f->deviation[i];
            double wider = sqrt(s * s + slot_width * slot_width / 12);
            scale = M_SQRT1_2 / wider;
            peak = log(M_SQRT1_2 * M_2_SQRTPI * 0.5 / wider);
        }
        f->scale[i] = scale;
        f->offset[i] = peak - log_inside(f->centre[i], s);
    }
}

// The order of all kernels by centre, the absent ones (at 1/2) included, which
// is what rows are shared along.
static void order_all(size_t n, struct parzen_factor *f, uint32_t *order,
                      struct arena *arena)
{
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    uint32_t *spare = arena_alloc(arena, n * sizeof *spare);
    sort_by_unit(f->centre, n, order, spare);
}

static void build_numeric(const struct parzen_plan *plan, size_t k, size_t n,
                          struct parzen_factor *f, struct arena *arena)
{
    const struct param *param = &plan->space->params[k];
    uint32_t *order = arena_alloc(arena, n * sizeof *order);
    f->deviation = arena_doubles(arena, n);
    for (size_t i = 0; i < n; i++) {
        f->deviation[i] = PRIOR_DEVIATION;
        if (!f->present[i])
            f->centre[i] = PRIOR_CENTRE;
    }
    size_t m = 0;
    if (plan->around) {
        const struct parzen_factor *outer = &plan->around->factors[k];
        for (size_t i = 0; i < n; i++)
            if (f->present[i])
                f->deviation[i] = bandwidth_among(
                    plan, outer->sorted, outer->n_sorted, f->centre[i]);
    } else {
        m = measure(plan, n, f, order, arena);
        if (n > plan->n)
            f->deviation[plan->n] = PRIOR_DEVIATION;
    }
    bool equal_slots = param_levels(param) && !param->log;
    normalise(equal_slots ? 1 / (double)param_levels(param) : 0, n, f);
    if (param_levels(param) == 0)
        return;
    // slots of one width are made up for in `normalise`, those of a log not
    f->wide = slot_count_wider(param, (param->log ? 0.25 : 1) * plan->floor);
    if (f->wide == 0)
        return;
    if (m < n)
        order_all(n, f, order, arena);
    tabulate(param, n, order, f, arena);
}

static void build_categorical(const struct parzen_plan *plan, size_t k,
                              size_t n, struct parzen_factor *f)
{
    const struct param *param = &plan->space->params[k];
    double choices = (double)param_levels(param);
    double kernels = (double)(n + (plan->around ? plan->around->n : 0));
    double sum = 1 + choices / kernels;
    f->hit = log((1 + 1 / kernels) / sum);
    for (size_t i = 0; i < n; i++) {
        f->centre[i] =
            f->present[i] ? (double)slot_at(param, f->centre[i]).level : -1;
        f->offset[i] = f->present[i] ? log(1 / kernels / sum) : -log(choices);
    }
}

static void build_factor(const struct parzen_plan *plan, size_t k, size_t n,
                         struct parzen_factor *f, struct arena *arena)
{
    size_t room = padded(n);
    f->centre = arena_zeros(arena, room, sizeof *f->centre);
    f->scale = arena_zeros(arena, room, sizeof *f->scale);
    f->offset = arena_zeros(arena, room, sizeof *f->offset);
    f->present = arena_zeros(arena, n, sizeof *f->present);
    for (size_t i = 0; i < plan->n; i++) {
        f->centre[i] = plan->unit[i][k];
        f->present[i] = !isnan(f->centre[i]);
    }
    if (categorical(&plan->space->params[k]))
        build_categorical(plan, k, n, f);
    else
        build_numeric(plan, k, n, f, arena);
}

static void build_weights(const struct parzen_plan *plan, struct parzen *parzen,
                          struct arena *arena)
{
    size_t n = parzen->n, room = padded(n);
    parzen->weight = arena_doubles(arena, n);
    parzen->log_weight = arena_doubles(arena, room);
    parzen->weights = 0;
    for (size_t i = 0; i < n; i++) {
        double own = i < plan->n && plan->weight ? plan->weight[i] : 1;
        parzen->weight[i] = i < plan->n ? own : plan->prior_weight;
        parzen->weights += parzen->weight[i];
    }
    for (size_t i = 0; i < n; i++) {
        parzen->weight[i] /= parzen->weights;
        parzen->log_weight[i] = log(parzen->weight[i]);
    }
    for (size_t i = n; i < room; i++)
        parzen->log_weight[i] = -INFINITY;
}

struct parzen *parzen_build(const struct parzen_plan *plan, struct arena *arena)
{
    assert(plan->floor >= 0.001 && plan->floor <= 1);
    const struct space *space = plan->space;
    struct parzen *parzen = arena_zeros(arena, 1, sizeof *parzen);
    parzen->space = space;
    parzen->to = space->n;
    parzen->n = plan->n + (plan->prior_weight > 0 ? 1 : 0);
    assert(parzen->n > 0);
    build_weights(plan, parzen, arena);
    parzen->factors = arena_zeros(arena, space->n, sizeof *parzen->factors);
    for (size_t k = 0; k < space->n; k++)
        build_factor(plan, k, parzen->n, &parzen->factors[k], arena);
    return parzen;
}

struct parzen parzen_marginal(const struct parzen *parzen, size_t k)
{
    struct parzen marginal = *parzen;
    marginal.from = k;
    marginal.to = k + 1;
    return marginal;
}

// ---- sampling ---------------------------------------------------------------

// A kernel by weight among those that have parameter k; the last one (the
// prior, if any) counts as having it.
static size_t choose_having(const struct parzen *parzen, size_t k,
                            struct rng *rng)
{
    const bool *present = parzen->factors[k].present;
    size_t last = parzen->n - 1;
    double sum = parzen->weight[last];
    for (size_t i = 0; i < last; i++)
        sum += present[i] ? parzen->weight[i] : 0;
    double left = sum * rng_uniform(rng);
    for (size_t i = 0; i < last; i++)
        if (present[i] && (left -= parzen->weight[i]) < 0)
            return i;
    return last;
}

static double sample_choice(const struct parzen_factor *f, size_t kernel,
                            size_t choices, struct rng *rng)
{
    double choice = f->centre[kernel];
    if (choice < 0 || rng_uniform(rng) >= exp(f->hit) - exp(f->offset[kernel]))
        choice = (double)rng_below(rng, choices);
    return (choice + 0.5) / (double)choices;
}

static double sample_factor(const struct parzen *parzen, size_t k,
                            size_t kernel, struct rng *rng)
{
    const struct param *param = &parzen->space->params[k];
    const struct parzen_factor *f = &parzen->factors[k];
    if (categorical(param))
        return sample_choice(f, kernel, param_levels(param), rng);
    double centre = f->centre[kernel], s = f->deviation[kernel];
    double z =
        normal_truncated(rng_uniform(rng), -centre / s, (1 - centre) / s);
    double u = fmin(fmax(centre + s * z, 0), 1);
    return param_levels(param) ? slot_at(param, u).centre : u;
}

void parzen_sample(const struct parzen *parzen, struct rng *rng, double *unit)
{
    size_t kernel = rng_choose(rng, parzen->weight, parzen->n);
    size_t other = kernel; // stands in where the kernel lacks a parameter
    for (size_t k = parzen->from; k < parzen->to; k++) {
        const bool *present = parzen->factors[k].present;
        size_t prior = parzen->n - 1;
        size_t used = kernel;
        if (!present[kernel] && kernel != prior) {
            if (!present[other])
                other = choose_having(parzen, k, rng);
            used = other;
        }
        unit[k] = sample_factor(parzen, k, used, rng);
    }
}

// ---- density ----------------------------------------------------------------

static inline void add_normal(double *restrict value,
                              const double *restrict centre,
                              const double *restrict scale,
                              const double *restrict offset, double x)
{
    for (size_t i = 0; i < BLOCK; i++) {
        double z = (x - centre[i]) * scale[i];
        value[i] += offset[i] - z * z;
    }
}

static inline void add_choice(double *restrict value,
                              const double *restrict centre,
                              const double *restrict offset, double hit,
                              double x)
{
    for (size_t i = 0; i < BLOCK; i++)
        value[i] += centre[i] == x ? hit : offset[i];
}

static void add_masses(double *value, const struct parzen_factor *f, size_t n,
                       size_t level)
{
    const double *mass = f->mass + level * f->rows;
    for (size_t i = 0; i < n; i++)
        value[i] += mass[f->row[i]];
}

// One coordinate of the point asked about, ready for the loops.
struct query {
    const struct parzen_factor *factor;
    bool choice, wide;
    double x;     // unit coordinate, or index of the choice
    size_t level; // of the wide slot
};

// Returns the number of active coordinates written to `query`. *widths gets
// the ln of the product of the widths of the narrow slots.
static size_t prepare(const struct parzen *parzen, const double *unit,
                      struct query *query, double *widths)
{
    size_t n = 0;
    *widths = 0;
    for (size_t k = parzen->from; k < parzen->to; k++) {
        const struct param *param = &parzen->space->params[k];
        const struct parzen_factor *f = &parzen->factors[k];
        if (isnan(unit[k]))
            continue;
        struct query *q = &query[n++];
        *q = (struct query){.factor = f, .x = unit[k]};
        if (param_levels(param) == 0)
            continue;
        struct slot slot = slot_at(param, unit[k]);
        q->level = slot.level;
        q->choice = categorical(param);
        q->wide = !q->choice && slot.level < f->wide;
        if (q->choice)
            q->x = (double)slot.level;
        else if (!q->wide)
            *widths += log(slot.high - slot.low);
    }
    return n;
}

// ln of each kernel at the point, to value[n, padded].
VECTOR_CLONES
static void evaluate(const struct parzen *parzen, const struct query *query,
                     size_t n, double *value)
{
    memcpy(value, parzen->log_weight, padded(parzen->n) * sizeof *value);
    for (const struct query *q = query; q < query + n; q++) {
        const struct parzen_factor *f = q->factor;
        if (q->wide) {
            add_masses(value, f, parzen->n, q->level);
            continue;
        }
        for (size_t i = 0; i < parzen->n; i += BLOCK)
            if (q->choice)
                add_choice(value + i, f->centre + i, f->offset + i, f->hit,
                           q->x);
            else
                add_normal(value + i, f->centre + i, f->scale + i,
                           f->offset + i, q->x);
    }
}

void parzen_log_density(const struct parzen *parzen, const double *unit,
                        size_t points, struct arena *arena, double *log_density)
{
    size_t d = parzen->space->n;
    struct query *query = arena_zeros(arena, d, sizeof *query);
    double *value = arena_doubles(arena, padded(parzen->n));
    for (size_t i = 0; i < points; i++) {
        double widths;
        size_t n = prepare(parzen, unit + i * d, query, &widths);
        evaluate(parzen, query, n, value);
        log_density[i] = exponential_log_sum(value, padded(parzen->n)) + widths;
    }
}
