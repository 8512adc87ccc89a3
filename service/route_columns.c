// SPDX-License-Identifier: GPL-3.0-or-later
// route_columns.c - the trials of a study as columns of numbers
//
// Food for plots and data frames: the columns that were asked for, of the
// trials that changed since a revision, or of a sample of those with a value.

#include <inttypes.h>
#include <string.h>

#include "route.h"
#include "wire_columns.h"
#include "wire_definition.h"
#include "wire_trial.h"

static const char standard_columns[] = "number,state,value.*,p.*";
static const int64_t last_revision = ((int64_t)1 << 53) - 1;

struct serving {
    struct study_row study;
    struct definition *definition;
    struct columns columns;
    struct columns_filter filter;
    struct columns_head head;
    bool bytes; // rather than JSON
};

// ---- what is asked for ------------------------------------------------------

static int read_format(const struct call *call, bool *bytes, struct error *err)
{
    const char *format = request_query(call->request, "fmt");
    *bytes = format && strcmp(format, "bin") == 0;
    if (format && !*bytes && strcmp(format, "json") != 0)
        return error_set(err, ERROR_INVALID,
                         "fmt must be json or bin, not \"%.40s\"", format);
    return 0;
}

// True when the client has the answer already: what it says follows from the
// revision and the request.
static bool is_known(struct call *call, const struct study_row *study)
{
    struct request *request = call->request;
    const char *tag = arena_print(&request->arena, "\"%s-%" PRId64 "\"",
                                  study->key, study->progress.revision);
    const char *list = request_header(request, "if-none-match");
    reply_header(request, "ETag", tag);
    if (!list || !strstr(list, tag))
        return false;
    request->reply.status = 304;
    return true;
}

static int choose(struct call *call, struct serving *serving, struct error *err)
{
    const char *list = request_query(call->request, "cols");
    struct columns *columns = &serving->columns;
    serving->definition = wire_definition_load(serving->study.definition, err);
    if (!serving->definition)
        return -1;
    *columns = (struct columns){.arena = &call->request->arena,
                                .definition = serving->definition};
    return columns_choose(columns, list ? list : standard_columns, err);
}

// ---- the rows ---------------------------------------------------------------

static int visit_row(void *context, const struct trial_row *row,
                     struct error *err)
{
    struct serving *serving = context;
    if (row->withdrawn != WITHDRAWN_DELETED &&
        wire_trial_check(serving->definition, row, err))
        return -1;
    columns_add(&serving->columns, row);
    serving->head.next = row->number;
    return 0;
}

static int read_rows(struct call *call, struct serving *serving,
                     struct error *err)
{
    struct columns_filter *filter = &serving->filter;
    filter->study_id = serving->study.id;
    filter->workers = columns_has(&serving->columns, COLUMN_WORKER);
    filter->remarks = columns_has(&serving->columns, COLUMN_REMARK);
    // Read before the rows were: what is newer comes with the next `since`.
    serving->head.revision = serving->study.progress.revision;
    serving->head.study_key = serving->study.key;
    return store_trial_columns(call->store, filter, visit_row, serving, err);
}

static enum route_outcome answer(struct call *call,
                                 const struct serving *serving)
{
    struct text text;
    text_init(&text, &call->request->arena);
    if (!serving->bytes) {
        wire_columns_json(&text, &serving->columns, &serving->head);
        return route_json(call, 200, &text);
    }
    wire_columns_bytes(&text, &serving->columns, &serving->head);
    route_json(call, 200, &text);
    // Doubles are not worth compressing, which is done by type.
    call->request->reply.content_type = "application/octet-stream";
    return ROUTE_DONE;
}

static int serve_rows(struct call *call, struct serving *serving,
                      struct error *err)
{
    int64_t rows =
        serving->study.progress.next_number - 1 - serving->filter.after_number;
    if (choose(call, serving, err))
        return -1;
    serving->filter.limit = (int64_t)columns_reserve(
        &serving->columns, rows > 0 ? (size_t)rows : 0);
    if (read_rows(call, serving, err))
        return -1;
    // Trials beyond the room that was made come with the next `since`.
    if (serving->columns.n < serving->columns.capacity ||
        rows <= (int64_t)serving->columns.capacity)
        serving->head.next = -1;
    answer(call, serving);
    return 0;
}

enum route_outcome route_study_columns(struct call *call, struct error *err)
{
    static const char *const known[] = {"cols", "since", "fmt", "cursor", NULL};
    struct directory_entry entry;
    struct serving serving = {.head = {.next = -1}};
    if (route_query_known(call, known, err) ||
        read_format(call, &serving.bytes, err) ||
        route_query_int(call, "since", 0, last_revision, -1,
                        &serving.filter.since_revision, err) ||
        route_query_int(call, "cursor", 0, INT64_MAX - 1, -1,
                        &serving.filter.after_number, err) ||
        route_study(call, call->args[0], &entry, err) != ROUTE_DONE ||
        store_study_get(call->store, entry.study_id, &call->request->arena,
                        &serving.study, err))
        return ROUTE_FAILED;
    if (is_known(call, &serving.study))
        return ROUTE_DONE;
    int failed = serve_rows(call, &serving, err);
    definition_free(serving.definition);
    return failed ? ROUTE_FAILED : ROUTE_DONE;
}

// ---- a sample ---------------------------------------------------------------

// The numbers and minimised values of the complete trials.
struct results {
    struct arena *arena;
    const struct definition *definition;
    size_t n, capacity, objective;
    int64_t *number;
    double *value;
};

static int visit_values(void *context, int64_t number, const double *values,
                        size_t n, struct error *err)
{
    struct results *results = context;
    (void)err;
    if (n <= results->objective || results->n == results->capacity)
        return 0;
    results->number[results->n] = number;
    results->value[results->n++] = definition_sign(
        results->definition, results->objective, values[results->objective]);
    return 0;
}

struct sampling_request {
    enum sampling mode;
    int64_t k;
};

static int read_sampling(const struct call *call,
                         struct sampling_request *wanted, struct error *err)
{
    static const char *const modes[] = {[SAMPLE_TOP] = "top",
                                        [SAMPLE_RANDOM] = "random",
                                        [SAMPLE_MIXED] = "mixed"};
    const char *mode = request_query(call->request, "mode");
    wanted->mode = SAMPLE_MIXED;
    if (route_query_int(call, "k", 1, COLUMNS_MAX_SAMPLE, 2500, &wanted->k,
                        err))
        return -1;
    for (size_t i = 0; mode && i < sizeof modes / sizeof *modes; i++)
        if (strcmp(mode, modes[i]) == 0) {
            wanted->mode = (enum sampling)i;
            return 0;
        }
    return mode ? error_set(err, ERROR_INVALID,
                            "mode must be top, random or mixed, not \"%.40s\"",
                            mode)
                : 0;
}

static int serve_sample(struct call *call, struct serving *serving,
                        const struct sampling_request *wanted,
                        struct error *err)
{
    struct arena *arena = &call->request->arena;
    if (choose(call, serving, err))
        return -1;
    size_t n = (size_t)serving->study.progress.next_number;
    struct results results = {.arena = arena,
                              .definition = serving->definition,
                              .capacity = n,
                              .number = arena_zeros(arena, n + 1, 8),
                              .value = arena_doubles(arena, n + 1)};
    size_t k = columns_reserve(&serving->columns, (size_t)wanted->k);
    int64_t *chosen = arena_zeros(arena, k + 1, sizeof *chosen);
    if (store_trial_values(call->store, serving->study.id, TRIAL_COMPLETE,
                           visit_values, &results, err))
        return -1;
    serving->columns.only = chosen;
    serving->columns.n_only =
        columns_sample(wanted->mode, k, results.number, results.value,
                       results.n, serving->definition->seed, arena, chosen);
    serving->filter.limit = (int64_t)n;
    if (read_rows(call, serving, err))
        return -1;
    serving->head.next = -1;
    answer(call, serving);
    return 0;
}

enum route_outcome route_study_sample(struct call *call, struct error *err)
{
    static const char *const known[] = {"cols", "k", "mode", "fmt", NULL};
    struct directory_entry entry;
    struct sampling_request wanted;
    struct serving serving = {
        .filter = {.after_number = -1, .since_revision = -1}};
    if (route_query_known(call, known, err) ||
        read_format(call, &serving.bytes, err) ||
        read_sampling(call, &wanted, err) ||
        route_study(call, call->args[0], &entry, err) != ROUTE_DONE ||
        store_study_get(call->store, entry.study_id, &call->request->arena,
                        &serving.study, err))
        return ROUTE_FAILED;
    if (is_known(call, &serving.study))
        return ROUTE_DONE;
    int failed = serve_sample(call, &serving, &wanted, err);
    definition_free(serving.definition);
    return failed ? ROUTE_FAILED : ROUTE_DONE;
}
