// SPDX-License-Identifier: GPL-3.0-or-later
// columns.c - the trials of a study as columns of numbers

#include "columns.h"

#include <stdlib.h>
#include <string.h>

#include "../optimizers/rng.h"

// ---- labels -----------------------------------------------------------------

enum { LABEL_SLOTS = 64 }; // at first; a power of two

// Distinct texts by their order of appearance, found by hash.
struct labels {
    size_t n, slots;    // slots >= 2 n
    const char **texts; // [slots / 2]
    uint32_t *table;    // [slots] index + 1, or 0
};

static size_t hash(const char *text)
{
    uint64_t value = 14695981039346656037u; // FNV-1a
    for (; *text; text++)
        value = (value ^ (unsigned char)*text) * 1099511628211u;
    return (size_t)(value ^ value >> 32);
}

static uint32_t *slot_of(const struct labels *labels, const char *text)
{
    size_t i = hash(text) & (labels->slots - 1);
    while (labels->table[i] &&
           strcmp(labels->texts[labels->table[i] - 1], text) != 0)
        i = (i + 1) & (labels->slots - 1);
    return &labels->table[i];
}

static void rehash(struct labels *labels, struct arena *arena, size_t slots)
{
    const char **texts = arena_zeros(arena, slots / 2, sizeof *texts);
    for (size_t i = 0; i < labels->n; i++)
        texts[i] = labels->texts[i];
    labels->texts = texts;
    labels->slots = slots;
    labels->table = arena_zeros(arena, slots, sizeof *labels->table);
    for (size_t i = 0; i < labels->n; i++)
        *slot_of(labels, texts[i]) = (uint32_t)i + 1;
}

// The index of a text, which is added when it is new; NaN for NULL.
static double label(struct labels *labels, const char *text,
                    struct arena *arena)
{
    if (!text)
        return NAN;
    uint32_t *slot = slot_of(labels, text);
    if (!*slot && 2 * (labels->n + 1) > labels->slots) {
        rehash(labels, arena, 2 * labels->slots);
        slot = slot_of(labels, text);
    }
    if (!*slot) {
        labels->texts[labels->n++] = arena_copy(arena, text, strlen(text));
        *slot = (uint32_t)labels->n;
    }
    return (double)(*slot - 1);
}

const char *columns_label(const struct columns *columns, size_t i, size_t index)
{
    const struct column *column = &columns->columns[i];
    if (column->kind == COLUMN_STATE)
        return index < TRIAL_STATES ? trial_state_name((enum trial_state)index)
                                    : NULL;
    if (column->kind == COLUMN_PARAM) {
        const struct param *param =
            &columns->definition->space.params[column->index];
        if (param->kind != PARAM_CATEGORICAL || index >= param->n_choices)
            return NULL;
        return param->choices[index];
    }
    return column->labels && index < column->labels->n
               ? column->labels->texts[index]
               : NULL;
}

bool columns_labels_are_json(const struct columns *columns, size_t i)
{
    return columns->columns[i].kind == COLUMN_PARAM;
}

// ---- which ------------------------------------------------------------------

static const struct {
    const char *name;
    enum column_kind kind;
} plain[] = {
    {"number", COLUMN_NUMBER},     {"state", COLUMN_STATE},
    {"invalid", COLUMN_INVALID},   {"uncertainty", COLUMN_UNCERTAINTY},
    {"cost", COLUMN_COST},         {"wall_s", COLUMN_WALL},
    {"created", COLUMN_CREATED},   {"started", COLUMN_STARTED},
    {"ended", COLUMN_ENDED},       {"attempt", COLUMN_ATTEMPT},
    {"retry_of", COLUMN_RETRY_OF}, {"iteration", COLUMN_ITERATION},
    {"worker", COLUMN_WORKER},     {"remark", COLUMN_REMARK},
};

static int append(struct columns *columns, const char *name,
                  enum column_kind kind, size_t index, struct error *err)
{
    for (size_t i = 0; i < columns->n_columns; i++)
        if (strcmp(columns->columns[i].name, name) == 0)
            return 0;
    if (columns->n_columns == COLUMNS_MAX)
        return error_set(err, ERROR_INVALID, "cols may name %d columns at most",
                         COLUMNS_MAX);
    struct column *column = &columns->columns[columns->n_columns++];
    *column = (struct column){.name = name, .kind = kind, .index = index};
    if (kind == COLUMN_WORKER || kind == COLUMN_REMARK) {
        column->labels = arena_zeros(columns->arena, 1, sizeof *column->labels);
        rehash(column->labels, columns->arena, LABEL_SLOTS);
    }
    return 0;
}

// Does `name` stand at `at`, with a comma or the end behind it?
static bool stands(const char *at, const char *name, size_t *n)
{
    *n = strlen(name);
    return strncmp(at, name, *n) == 0 && (at[*n] == ',' || at[*n] == '\0');
}

// `value.2`, `value.*`: returns how many bytes that is, 0 when it is something
// else, or -1.
static int choose_indexed(struct columns *columns, const char *at,
                          const char *word, enum column_kind kind, size_t limit,
                          struct error *err)
{
    size_t n;
    bool all = stands(at, arena_print(columns->arena, "%s.*", word), &n);
    int found = all ? (int)n : 0;
    for (size_t i = 0; i < limit; i++) {
        const char *name = arena_print(columns->arena, "%s.%zu", word, i);
        bool named = stands(at, name, &n);
        if ((all || named) && append(columns, name, kind, i, err))
            return -1;
        if (named)
            found = (int)n;
    }
    return found;
}

// The same for `p.NAME` and `p.*`. A name may hold commas: of several that
// match the longest is meant.
static int choose_params(struct columns *columns, const char *at,
                         struct error *err)
{
    const struct space *space = &columns->definition->space;
    size_t n, longest = 0, best = 0;
    bool all = stands(at, "p.*", &n);
    for (size_t k = 0; k < space->n; k++) {
        const char *name =
            arena_print(columns->arena, "p.%s", space->params[k].name);
        if (all && append(columns, name, COLUMN_PARAM, k, err))
            return -1;
        if (!all && stands(at, name, &n) && n > longest) {
            longest = n;
            best = k;
        }
    }
    if (!longest)
        return all ? 3 : 0;
    const char *name =
        arena_print(columns->arena, "p.%s", space->params[best].name);
    return append(columns, name, COLUMN_PARAM, best, err) ? -1 : (int)longest;
}

static int choose_one(struct columns *columns, const char *at,
                      struct error *err)
{
    const struct definition *definition = columns->definition;
    size_t n;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (stands(at, plain[i].name, &n))
            return append(columns, plain[i].name, plain[i].kind, 0, err)
                       ? -1
                       : (int)n;
    int found = choose_indexed(columns, at, "value", COLUMN_VALUE,
                               definition->n_objectives, err);
    if (!found)
        found = choose_indexed(columns, at, "constraint", COLUMN_CONSTRAINT,
                               definition->n_outcome_constraints, err);
    if (!found)
        found = choose_params(columns, at, err);
    if (!found)
        return error_set(err, ERROR_INVALID,
                         "cols must name columns of the study, not \"%.60s\"",
                         at);
    return found;
}

int columns_choose(struct columns *columns, const char *list, struct error *err)
{
    columns->columns =
        arena_zeros(columns->arena, COLUMNS_MAX, sizeof *columns->columns);
    for (const char *at = list;; at++) {
        int n = choose_one(columns, at, err);
        if (n < 0)
            return -1;
        at += n;
        if (*at == '\0')
            return 0;
    }
}

bool columns_has(const struct columns *columns, enum column_kind kind)
{
    for (size_t i = 0; i < columns->n_columns; i++)
        if (columns->columns[i].kind == kind)
            return true;
    return false;
}

// ---- rows -------------------------------------------------------------------

size_t columns_reserve(struct columns *columns, size_t rows)
{
    size_t most = COLUMNS_MAX_CELLS / columns->n_columns;
    if (most > COLUMNS_MAX_ROWS)
        most = COLUMNS_MAX_ROWS;
    columns->capacity = rows < most ? rows : most;
    for (size_t i = 0; i < columns->n_columns; i++)
        columns->columns[i].cells =
            arena_doubles(columns->arena, columns->capacity + 1);
    return columns->capacity;
}

static double at(const double *values, size_t n, size_t i)
{
    return i < n ? values[i] : NAN;
}

static double number_or_nan(int64_t value, int64_t none)
{
    return value == none ? NAN : (double)value;
}

static double param_cell(const struct param *param, double coordinate)
{
    if (param->kind != PARAM_DISCRETE || isnan(coordinate))
        return coordinate;
    return param->levels[(size_t)coordinate];
}

static double cell(const struct columns *columns, const struct column *column,
                   const struct trial_row *row)
{
    if (column->kind == COLUMN_NUMBER)
        return (double)row->number;
    if (row->withdrawn == WITHDRAWN_DELETED)
        return NAN;
    switch (column->kind) {
    case COLUMN_STATE:
        return (double)row->state;
    case COLUMN_INVALID:
        return row->withdrawn == WITHDRAWN_INVALID;
    case COLUMN_VALUE:
        return at(row->values, row->n_values, column->index);
    case COLUMN_CONSTRAINT:
        return at(row->constraint_values, row->n_constraint_values,
                  column->index);
    case COLUMN_PARAM:
        return param_cell(&columns->definition->space.params[column->index],
                          at(row->point, row->n_point, column->index));
    case COLUMN_UNCERTAINTY:
        return row->uncertainty;
    case COLUMN_COST:
        return row->cost;
    case COLUMN_WALL:
        return row->wall_s;
    case COLUMN_CREATED:
        return number_or_nan(row->created_ms, 0);
    case COLUMN_STARTED:
        return number_or_nan(row->started_ms, 0);
    case COLUMN_ENDED:
        return number_or_nan(row->ended_ms, 0);
    case COLUMN_ATTEMPT:
        return (double)row->attempt;
    case COLUMN_RETRY_OF:
        return number_or_nan(row->retry_of, -1);
    case COLUMN_ITERATION:
        return number_or_nan(row->iteration, 0);
    case COLUMN_WORKER:
        return label(column->labels, row->worker, columns->arena);
    case COLUMN_REMARK:
        return label(column->labels, row->error, columns->arena);
    case COLUMN_NUMBER:
        break;
    }
    return NAN;
}

// Is the trial one of those that are taken?
static bool is_taken(struct columns *columns, int64_t number)
{
    if (!columns->only)
        return true;
    while (columns->next < columns->n_only &&
           columns->only[columns->next] < number)
        columns->next++;
    return columns->next < columns->n_only &&
           columns->only[columns->next] == number;
}

void columns_add(struct columns *columns, const struct trial_row *row)
{
    if (!is_taken(columns, row->number) || columns->n == columns->capacity)
        return;
    for (size_t i = 0; i < columns->n_columns; i++)
        columns->columns[i].cells[columns->n] =
            cell(columns, &columns->columns[i], row);
    columns->n++;
}

// ---- samples ----------------------------------------------------------------

struct candidate {
    double key; // the least are chosen
    int64_t number;
};

static int by_key(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static int by_number(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

// Numbers of the k candidates of least key; the others remain, the first of
// them in candidates[k].
static size_t take(struct candidate *candidates, size_t n, size_t k,
                   int64_t *chosen)
{
    qsort(candidates, n, sizeof *candidates, by_key);
    size_t taken = k < n ? k : n;
    for (size_t i = 0; i < taken; i++)
        chosen[i] = candidates[i].number;
    return taken;
}

size_t columns_sample(enum sampling how, size_t k, const int64_t *number,
                      const double *value, size_t n, uint64_t seed,
                      struct arena *arena, int64_t *chosen)
{
    struct candidate *candidates =
        arena_zeros(arena, n + 1, sizeof *candidates);
    size_t best = how == SAMPLE_TOP ? k : how == SAMPLE_MIXED ? 2 * k / 5 : 0;
    for (size_t i = 0; i < n; i++)
        candidates[i] = (struct candidate){value[i], number[i]};
    size_t taken = best ? take(candidates, n, best, chosen) : 0;
    for (size_t i = taken; i < n; i++) {
        struct rng rng = rng_at(seed, (uint64_t)candidates[i].number);
        candidates[i].key = rng_uniform(&rng);
    }
    taken += take(candidates + taken, n - taken, k - taken, chosen + taken);
    qsort(chosen, taken, sizeof *chosen, by_number);
    return taken;
}
