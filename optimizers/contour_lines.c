// SPDX-License-Identifier: GPL-3.0-or-later
// contour_lines.c - where the values on a grid change sign, as polylines
//
// Each side of a cell has a number: first the horizontal ones, row by row, then
// the vertical ones. A cell joins crossed sides in pairs, so a side has at most
// two neighbours, one through either cell, and lines are chains of sides.

#include "contour_lines.h"

#include <math.h>
#include <string.h>

enum { NONE = -1 };

struct chain {
    long next[2];
};

struct mesh {
    const double *value;
    size_t nx, ny;
    struct chain *chain; // [sides]
    bool *visited;       // [sides]
};

static size_t horizontal(const struct mesh *mesh, size_t i, size_t j)
{
    return j * (mesh->nx - 1) + i;
}

static size_t vertical(const struct mesh *mesh, size_t i, size_t j)
{
    return mesh->ny * (mesh->nx - 1) + j * mesh->nx + i;
}

static size_t sides(const struct mesh *mesh)
{
    return mesh->ny * (mesh->nx - 1) + mesh->nx * (mesh->ny - 1);
}

static double at(const struct mesh *mesh, size_t i, size_t j)
{
    return mesh->value[j * mesh->nx + i];
}

static void attach(struct chain *chain, size_t to)
{
    chain->next[chain->next[0] != NONE] = (long)to;
}

static void join(struct mesh *mesh, size_t a, size_t b)
{
    attach(&mesh->chain[a], b);
    attach(&mesh->chain[b], a);
}

// Is the bilinear interpolant positive at its saddle point? a and c are
// opposite corners of one sign, b and d of the other.
static bool saddle(double a, double b, double c, double d)
{
    return (a * c - b * d) / (a + c - b - d) >= 0;
}

static void cross(struct mesh *mesh, size_t i, size_t j)
{
    double a = at(mesh, i, j), b = at(mesh, i + 1, j),
           c = at(mesh, i + 1, j + 1), d = at(mesh, i, j + 1);
    if (isnan(a + b + c + d))
        return;
    const size_t side[4] = {horizontal(mesh, i, j), vertical(mesh, i + 1, j),
                            horizontal(mesh, i, j + 1), vertical(mesh, i, j)};
    const bool crossed[4] = {(a >= 0) != (b >= 0), (b >= 0) != (c >= 0),
                             (c >= 0) != (d >= 0), (d >= 0) != (a >= 0)};
    size_t hit[4], n = 0;
    for (size_t k = 0; k < 4; k++)
        if (crossed[k])
            hit[n++] = side[k];
    if (n == 2) {
        join(mesh, hit[0], hit[1]);
    } else if (n == 4) {
        bool around_b = saddle(a, b, c, d) == (a >= 0);
        join(mesh, side[0], side[around_b ? 1 : 3]);
        join(mesh, side[2], side[around_b ? 3 : 1]);
    }
}

// Writes the place where a side is crossed.
static void place(const struct mesh *mesh, size_t side, double *xy)
{
    size_t n = mesh->ny * (mesh->nx - 1);
    bool level = side < n;
    size_t width = level ? mesh->nx - 1 : mesh->nx;
    size_t i = (level ? side : side - n) % width,
           j = (level ? side : side - n) / width;
    double from = at(mesh, i, j), to = at(mesh, i + level, j + !level);
    double t = from / (from - to);
    xy[0] = (double)i + (level ? t : 0);
    xy[1] = (double)j + (level ? 0 : t);
}

// Follows the line from a side at which it begins, or any side of a ring.
static struct contour_line follow(struct mesh *mesh, size_t from,
                                  struct arena *arena)
{
    struct contour_line line = {.closed = mesh->chain[from].next[1] != NONE};
    for (int pass = 0; pass < 2; pass++) { // counts, then writes
        long here = (long)from, before = NONE;
        line.n = 0;
        do {
            if (pass)
                place(mesh, (size_t)here, line.xy + 2 * line.n);
            line.n++;
            mesh->visited[here] = true;
            const long *next = mesh->chain[here].next;
            long on = next[0] != before ? next[0] : next[1];
            before = here;
            here = on;
        } while (here != NONE && here != (long)from);
        if (!pass)
            line.xy = arena_doubles(arena, 2 * line.n);
    }
    return line;
}

// Follows all lines that are left and begin so.
static void gather(struct mesh *mesh, bool closed, struct arena *arena,
                   struct contour_lines *lines)
{
    for (size_t side = 0; side < sides(mesh); side++) {
        const long *next = mesh->chain[side].next;
        if (!mesh->visited[side] && next[0] != NONE &&
            (next[1] != NONE) == closed)
            lines->line[lines->n++] = follow(mesh, side, arena);
    }
}

struct contour_lines contour_lines(const double *value, size_t nx, size_t ny,
                                   struct arena *arena)
{
    struct mesh mesh = {.value = value, .nx = nx, .ny = ny};
    struct contour_lines lines = {0};
    size_t n = sides(&mesh);
    mesh.chain = arena_alloc(arena, (n + 1) * sizeof *mesh.chain);
    mesh.visited = arena_zeros(arena, n + 1, sizeof *mesh.visited);
    lines.line = arena_alloc(arena, (n + 1) * sizeof *lines.line);
    for (size_t side = 0; side < n; side++)
        mesh.chain[side] = (struct chain){{NONE, NONE}};
    for (size_t j = 0; j + 1 < ny; j++)
        for (size_t i = 0; i + 1 < nx; i++)
            cross(&mesh, i, j);
    gather(&mesh, false, arena, &lines);
    gather(&mesh, true, arena, &lines);
    return lines;
}
