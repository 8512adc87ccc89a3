// SPDX-License-Identifier: GPL-3.0-or-later
// transfer.c - results of other studies, made comparable

#include "transfer.h"

#include <stdlib.h>

#include "warp.h"

struct ranked {
    double value;
    size_t index;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

// Moves the results that are kept to the front; returns how many.
static size_t thin_out(struct ranked *result, size_t n, size_t most)
{
    qsort(result, n, sizeof *result, by_value);
    if (n <= most)
        return n;
    size_t best = (most + 1) / 2, others = most - best;
    for (size_t i = 0; i < others; i++)
        result[best + i] = result[best + i * (n - best) / others];
    return most;
}

// Appends what one study gives.
static void add_source(const struct prior *prior, uint32_t source, size_t d,
                       size_t m, struct transfer *transfer, struct arena *arena)
{
    struct ranked *row = arena_alloc(arena, prior->n * sizeof *row);
    double *value = arena_doubles(arena, prior->n);
    size_t n = 0, share = TRANSFER_MOST / prior->n_sources;
    for (size_t i = 0; i < prior->n; i++)
        if (prior->source[i] == source)
            row[n++] = (struct ranked){prior->value[i * m], i};
    if (n == 0)
        return;
    size_t kept = thin_out(row, n, share > 0 ? share : 1);
    for (size_t j = 0; j < m; j++) {
        n = 0;
        for (size_t i = 0; i < prior->n; i++)
            if (prior->source[i] == source)
                value[n++] = prior->value[i * m + j];
        struct warp warp = m > 1 ? warp_fit_straight(value, n, arena)
                                 : warp_fit(value, n, arena);
        double *y = transfer->y + j * TRANSFER_MOST + transfer->n;
        for (size_t i = 0; i < kept; i++)
            y[i] = warp_value(&warp, prior->value[row[i].index * m + j]);
    }
    for (size_t i = 0; i < kept; i++) {
        transfer->unit[transfer->n + i] = prior->unit + row[i].index * d;
        transfer->source[transfer->n + i] = source;
    }
    transfer->n += kept;
}

struct transfer transfer_of(const struct prior *prior, size_t d, size_t m,
                            struct arena *arena)
{
    struct transfer transfer = {0};
    if (!prior || prior->n == 0)
        return transfer;
    transfer.unit = arena_alloc(arena, TRANSFER_MOST * sizeof *transfer.unit);
    transfer.source =
        arena_alloc(arena, TRANSFER_MOST * sizeof *transfer.source);
    transfer.y = arena_doubles(arena, m * TRANSFER_MOST);
    for (size_t i = 0; i < prior->n_sources && i < TRANSFER_MOST; i++)
        add_source(prior, (uint32_t)i, d, m, &transfer, arena);
    return transfer;
}
