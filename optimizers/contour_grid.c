// SPDX-License-Identifier: GPL-3.0-or-later
// contour_grid.c - what a field says on a plane through the space, to be drawn

#include "contour_grid.h"

#include <assert.h>
#include <math.h>
#include <string.h>

// ---- nodes ------------------------------------------------------------------

// The value of a parameter at a share of its range, between its steps, too.
static double value_at(const struct param *param, double share)
{
    if (param->log)
        return exp(log(param->low) +
                   share * (log(param->high) - log(param->low)));
    return param->low + share * (param->high - param->low);
}

// The point at (x, y), counted in nodes.
static void point_at(const struct contour_slice *slice,
                     const struct space *space, const double *xy, double *point)
{
    if (slice->fixed)
        memcpy(point, slice->fixed, space->n * sizeof *point);
    for (size_t k = 0; k < 2; k++)
        point[slice->axis[k]] = value_at(&space->params[slice->axis[k]],
                                         xy[k] / (double)(slice->n[k] - 1));
}

static int check(const struct contour_slice *slice, const struct space *space,
                 struct error *err)
{
    for (size_t k = 0; k < 2; k++) {
        if (slice->axis[k] >= space->n || slice->axis[0] == slice->axis[1])
            return error_set(err, ERROR_INVALID,
                             "axes must be two different parameters");
        if (slice->n[k] < 2 || slice->n[k] > CONTOUR_MAX_NODES)
            return error_set(err, ERROR_INVALID,
                             "nodes along an axis must be 2 to %d, not %zu",
                             CONTOUR_MAX_NODES, slice->n[k]);
    }
    if (space->n > 2 && !slice->fixed)
        return error_set(err, ERROR_INVALID,
                         "parameters besides the axes must have values");
    return 0;
}

// ---- reading ----------------------------------------------------------------

// The nodes that have coordinates, x[n x d].
struct places {
    size_t n;
    size_t *node;
    double *x;
};

static struct places find_places(struct contour_grid *grid,
                                 const struct contour_domain *domain,
                                 struct arena *arena)
{
    struct places places = {
        .node = arena_alloc(arena, grid->n * sizeof *places.node),
        .x = arena_doubles(arena, (grid->n + 1) * domain->d)};
    for (size_t node = 0; node < grid->n; node++) {
        double point[CONTOUR_MAX_PARAMS];
        size_t i = node % grid->slice.n[0], j = node / grid->slice.n[0];
        const double xy[2] = {(double)i, (double)j};
        point_at(&grid->slice, domain->space, xy, point);
        grid->allowed[node] = contour_domain_allows(domain, point);
        places.node[places.n] = node;
        places.n += contour_domain_place(domain, point,
                                         places.x + places.n * domain->d);
    }
    return places;
}

static void read_valid(const struct contour_field *field,
                       const struct places *places, struct arena *arena,
                       struct contour_grid *grid)
{
    double *valid = arena_doubles(arena, places->n + 1);
    contour_field_valid(field, places->x, places->n, arena, valid);
    for (size_t i = 0; i < grid->n; i++)
        grid->valid[i] = NAN;
    for (size_t i = 0; i < places->n; i++)
        grid->valid[places->node[i]] = valid[i];
}

static void read_curve(const struct contour_field *field, size_t c,
                       const struct places *places, struct arena *arena,
                       struct contour_grid *grid)
{
    struct gp_prediction *p = arena_alloc(arena, (places->n + 1) * sizeof *p);
    struct gp_prediction *to = arena_alloc(arena, grid->n * sizeof *to);
    contour_field_predict(field, c, places->x, places->n, p);
    for (size_t i = 0; i < grid->n; i++)
        to[i] = (struct gp_prediction){NAN, NAN};
    for (size_t i = 0; i < places->n; i++)
        to[places->node[i]] = p[i];
    grid->curve[c] = to;
}

int contour_grid_read(const struct contour_field *field,
                      const struct contour_domain *domain,
                      const struct contour_slice *slice, struct arena *arena,
                      struct contour_grid *grid, struct error *err)
{
    const struct space *space = domain->space;
    if (check(slice, space, err))
        return -1;
    *grid = (struct contour_grid){.slice = *slice,
                                  .n = slice->n[0] * slice->n[1],
                                  .n_curves = field->n_curves};
    for (size_t k = 0; k < 2; k++) {
        grid->at[k] = arena_doubles(arena, slice->n[k]);
        for (size_t i = 0; i < slice->n[k]; i++)
            grid->at[k][i] = value_at(&space->params[slice->axis[k]],
                                      (double)i / (double)(slice->n[k] - 1));
    }
    grid->allowed = arena_alloc(arena, grid->n * sizeof *grid->allowed);
    grid->valid = arena_doubles(arena, grid->n);
    struct places places = find_places(grid, domain, arena);
    read_valid(field, &places, arena, grid);
    for (size_t c = 0; c < field->n_curves; c++)
        if (field->curve[c].known)
            read_curve(field, c, &places, arena, grid);
    return 0;
}

// ---- lines ------------------------------------------------------------------

static bool allows(const struct contour_grid *grid,
                   const struct contour_domain *domain, const double *xy)
{
    double point[CONTOUR_MAX_PARAMS];
    point_at(&grid->slice, domain->space, xy, point);
    return contour_domain_allows(domain, point);
}

// Writes where the way from `in`, which is allowed, to `out` leaves what is.
static void border(const struct contour_grid *grid,
                   const struct contour_domain *domain, const double *in,
                   const double *out, double *xy)
{
    double low = 0, high = 1;
    for (int i = 0; i < 30; i++) {
        double middle = 0.5 * (low + high);
        for (size_t k = 0; k < 2; k++)
            xy[k] = in[k] + middle * (out[k] - in[k]);
        if (allows(grid, domain, xy))
            low = middle;
        else
            high = middle;
    }
    for (size_t k = 0; k < 2; k++)
        xy[k] = in[k] + low * (out[k] - in[k]);
}

static void push(struct contour_line *line, const double *xy)
{
    double *to = line->xy + 2 * line->n++;
    to[0] = xy[0];
    to[1] = xy[1];
}

static size_t first_outside(const struct contour_grid *grid,
                            const struct contour_domain *domain,
                            const struct contour_line *line)
{
    size_t i = 0;
    while (i < line->n && allows(grid, domain, line->xy + 2 * i))
        i++;
    return i;
}

// Ends a part of a line, and begins another in the memory behind it.
static void finish(struct contour_line *part, struct contour_lines *done)
{
    if (part->n >= 2)
        done->line[done->n++] = *part;
    part->xy += 2 * part->n;
    part->n = 0;
}

// Appends the parts of a line that are allowed; `done` has room for them.
static void clip(const struct contour_grid *grid,
                 const struct contour_domain *domain,
                 const struct contour_line *line, struct arena *arena,
                 struct contour_lines *done)
{
    size_t start = first_outside(grid, domain, line);
    if (start == line->n) {
        done->line[done->n++] = *line;
        return;
    }
    // A ring is cut where it is outside, and comes back there.
    size_t steps = line->n + line->closed;
    start = line->closed ? start : 0;
    struct contour_line part = {.xy = arena_doubles(arena, 4 * steps)};
    const double *before = line->xy + 2 * start;
    bool was_in = allows(grid, domain, before);
    for (size_t i = 0; i < steps; i++) {
        const double *here = line->xy + 2 * ((start + i) % line->n);
        bool in = allows(grid, domain, here);
        double edge[2];
        if (in != was_in) {
            border(grid, domain, in ? here : before, in ? before : here, edge);
            push(&part, edge);
        }
        if (in)
            push(&part, here);
        else
            finish(&part, done);
        before = here;
        was_in = in;
    }
    finish(&part, done);
}

// From nodes to the units of the parameters.
static void convert(const struct contour_grid *grid, const struct space *space,
                    struct contour_lines *lines)
{
    const struct contour_slice *slice = &grid->slice;
    for (size_t l = 0; l < lines->n; l++)
        for (size_t i = 0; i < 2 * lines->line[l].n; i++) {
            double *x = &lines->line[l].xy[i];
            *x = value_at(&space->params[slice->axis[i % 2]],
                          *x / (double)(slice->n[i % 2] - 1));
        }
}

struct contour_lines contour_grid_lines(const struct contour_grid *grid,
                                        const struct contour_domain *domain,
                                        size_t c, double sigmas,
                                        struct arena *arena)
{
    const struct gp_prediction *p = grid->curve[c];
    double *value = arena_doubles(arena, grid->n);
    assert(c < grid->n_curves && p);
    for (size_t i = 0; i < grid->n; i++)
        value[i] =
            grid->valid[i] >= 0.5 ? p[i].mean + sigmas * p[i].sd : (double)NAN;
    struct contour_lines all =
        contour_lines(value, grid->slice.n[0], grid->slice.n[1], arena);
    size_t vertices = 0;
    for (size_t l = 0; l < all.n; l++)
        vertices += all.line[l].n;
    struct contour_lines lines = {
        .line = arena_alloc(arena, (vertices + 1) * sizeof *lines.line)};
    for (size_t l = 0; l < all.n; l++)
        clip(grid, domain, &all.line[l], arena, &lines);
    convert(grid, domain->space, &lines);
    return lines;
}
