// SPDX-License-Identifier: GPL-3.0-or-later
// route_export.c - GET /studies/{id}/export: a study as a file
//
// A study may be larger than the memory that one request should take, so the
// file comes in pages, which end after the trial that fills them: joined they
// are the file. The header Link says where the next one is.

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "route_export.h"
#include "wire_definition.h"
#include "wire_export.h"
#include "wire_trial.h"

enum { EXPORT_ROWS = 250 }; // read at once

// ---- some trials ------------------------------------------------------------

static size_t length(const char *text)
{
    return text ? strlen(text) : 0;
}

static int visit_trial(void *context, const struct trial_row *row,
                       struct error *err)
{
    struct exporting *exporting = context;
    (void)err;
    exporting->rows[exporting->n] = *row;
    text_init(&exporting->reports[exporting->n++], &exporting->arena);
    exporting->bytes += length(row->outputs) + length(row->meta) +
                        length(row->env) + length(row->notes);
    exporting->full = exporting->bytes > EXPORT_PAGE_BYTES;
    return exporting->full ? -1 : 0;
}

// Adds a report to its trial. Both come by number.
static int visit_report(void *context, const struct report_row *row,
                        struct error *err)
{
    struct exporting *exporting = context;
    (void)err;
    while (exporting->reporting < exporting->n &&
           exporting->rows[exporting->reporting].number < row->number)
        exporting->reporting++;
    if (exporting->reporting < exporting->n &&
        exporting->rows[exporting->reporting].number == row->number)
        wire_report_write(&exporting->reports[exporting->reporting], row);
    return 0;
}

static int read_rows(struct exporting *exporting, struct store *store,
                     struct error *err)
{
    struct trial_filter filter = {.study_id = exporting->study.id,
                                  .after_number = exporting->after,
                                  .since_revision = -1,
                                  .value_min = NAN,
                                  .value_max = NAN,
                                  .limit = EXPORT_ROWS,
                                  .keep = &exporting->arena};
    exporting->n = exporting->bytes = exporting->reporting = 0;
    exporting->full = false;
    if (store_trial_list(store, &filter, visit_trial, exporting, err) &&
        !exporting->full)
        return -1;
    if (!exporting->n || exporting->csv)
        return 0;
    return store_reports_of(
        store, exporting->study.id, exporting->rows[0].number,
        exporting->rows[exporting->n - 1].number, visit_report, exporting, err);
}

static void write_json(struct exporting *exporting, size_t i, struct error *err)
{
    struct text *text = &exporting->text;
    wire_trial_open(text, exporting->definition, exporting->study.key,
                    &exporting->rows[i], err);
    text_add(text, ",\"reports\":[");
    text_bytes(text, exporting->reports[i].data, exporting->reports[i].n);
    text_add(text, "]}\n");
}

static int write_row(struct exporting *exporting, size_t i, struct error *err)
{
    size_t start = exporting->text.n;
    const struct trial_row *row = &exporting->rows[i];
    exporting->after = row->number;
    if (wire_trial_check(exporting->definition, row, err))
        return -1;
    if (exporting->csv)
        wire_csv_trial(&exporting->text, exporting->definition,
                       &exporting->outputs, row);
    else
        write_json(exporting, i, err);
    if (exporting->each)
        exporting->each(exporting, start);
    return 0;
}

// ---- a page -----------------------------------------------------------------

static int write_head(const struct call *call, struct exporting *exporting,
                      struct error *err)
{
    if (exporting->csv) {
        wire_csv_head(&exporting->text, exporting->definition,
                      &exporting->outputs);
        return 0;
    }
    text_add(&exporting->text, "{\"study\":");
    int result =
        route_study_write(call, &exporting->text, &exporting->study, err);
    text_add(&exporting->text, "}\n");
    return result;
}

int route_export_trials(struct exporting *exporting, struct store *store,
                        bool *more, struct error *err)
{
    struct arena *arena = &exporting->arena;
    int result = 0;
    arena_init(arena);
    for (*more = true; *more && exporting->text.n < EXPORT_PAGE_BYTES;) {
        arena_reset(arena);
        exporting->rows =
            arena_zeros(arena, EXPORT_ROWS, sizeof *exporting->rows);
        exporting->reports =
            arena_zeros(arena, EXPORT_ROWS, sizeof *exporting->reports);
        result = read_rows(exporting, store, err);
        for (size_t i = 0; i < exporting->n && result == 0; i++)
            result = write_row(exporting, i, err);
        if (result)
            break;
        *more = exporting->full || exporting->n == EXPORT_ROWS;
    }
    arena_done(arena);
    return result;
}

static int visit_outputs(void *context, int64_t number, const char *outputs,
                         struct error *err)
{
    struct exporting *exporting = context;
    (void)err;
    wire_outputs_learn(&exporting->outputs, outputs);
    exporting->after = number;
    exporting->n++;
    return 0;
}

// Finds the columns that outputs make, which must be the same on all pages.
static int find_columns(struct exporting *exporting, struct store *store,
                        struct error *err)
{
    int64_t after = exporting->after;
    exporting->after = -1;
    do {
        exporting->n = 0;
        if (store_trial_outputs(store, exporting->study.id, exporting->after,
                                EXPORT_ROWS, visit_outputs, exporting, err))
            return -1;
    } while (exporting->n == EXPORT_ROWS);
    exporting->after = after;
    int64_t digest = wire_outputs_digest(&exporting->outputs);
    if (exporting->columns >= 0 && exporting->columns != digest)
        return error_set(err, ERROR_CONFLICT,
                         "columns are not those of the first page any more: "
                         "trials have told other outputs since");
    exporting->columns = digest;
    return 0;
}

static int read_query(const struct call *call, struct exporting *exporting,
                      struct error *err)
{
    static const char *const known[] = {"format", "cursor", "columns", NULL};
    const char *format = request_query(call->request, "format");
    if (route_query_known(call, known, err) ||
        route_query_int(call, "cursor", 0, INT64_MAX, -1, &exporting->after,
                        err) ||
        route_query_int(call, "columns", 0, (INT64_C(1) << 53) - 1, -1,
                        &exporting->columns, err))
        return -1;
    exporting->csv = format && strcmp(format, "csv") == 0;
    if (format && !exporting->csv && strcmp(format, "jsonl") != 0)
        return error_set(err, ERROR_INVALID,
                         "format must be jsonl or csv, not \"%.40s\"", format);
    return 0;
}

static int export_page(struct call *call, struct exporting *exporting,
                       bool *more, struct error *err)
{
    struct arena *arena = &call->request->arena;
    struct directory_entry entry;
    if (read_query(call, exporting, err) ||
        route_study(call, call->args[0], &entry, err) != ROUTE_DONE ||
        store_study_get(call->store, entry.study_id, arena, &exporting->study,
                        err))
        return -1;
    exporting->definition =
        wire_definition_load(exporting->study.definition, err);
    if (!exporting->definition)
        return -1;
    text_init(&exporting->text, arena);
    int result = exporting->csv ? find_columns(exporting, call->store, err) : 0;
    if (result == 0 && exporting->after < 0)
        result = write_head(call, exporting, err);
    if (result == 0)
        result = route_export_trials(exporting, call->store, more, err);
    definition_free(exporting->definition);
    return result;
}

enum route_outcome route_study_export(struct call *call, struct error *err)
{
    struct request *request = call->request;
    struct exporting exporting = {0};
    bool more = false;
    wire_outputs_init(&exporting.outputs);
    int failed = export_page(call, &exporting, &more, err);
    wire_outputs_done(&exporting.outputs);
    if (failed)
        return ROUTE_FAILED;
    const char *format = exporting.csv ? "csv" : "jsonl";
    const char *columns =
        exporting.csv ? arena_print(&request->arena, "&columns=%" PRId64,
                                    exporting.columns)
                      : "";
    if (more)
        reply_header(request, "Link",
                     arena_print(&request->arena,
                                 "<?format=%s&cursor=%" PRId64
                                 "%s>; rel=\"next\"",
                                 format, exporting.after, columns));
    reply_header(request, "Content-Disposition",
                 arena_print(&request->arena, "attachment; filename=\"%s.%s\"",
                             exporting.study.key, format));
    route_json(call, 200, &exporting.text);
    request->reply.content_type =
        exporting.csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
    return ROUTE_DONE;
}
