// SPDX-License-Identifier: GPL-3.0-or-later
// pgpipeline.c - a connection to PostgreSQL that never waits for ever

#include "pgpipeline.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "pgbinary.h"

enum {
    DEADLINE_MS = 8000,      // without a byte from the server
    SCRIPT_MS = 3600 * 1000, // a migration may take its time
    BACKOFF_FIRST_MS = 50,
    BACKOFF_LAST_MS = 2000,
};

enum prepared { ABSENT, SENT, READY };

// What the server still has to answer, in order.
struct pgexpected {
    enum { PREPARE, CONTROL, RUN } kind;
    enum query query; // of PREPARE
};

static int64_t now_ms(void)
{
    return clock_monotonic_us() / 1000;
}

// ---- errors -----------------------------------------------------------------

// libpq ends its messages with a newline and may add more lines.
static int line_of(const char *message)
{
    return (int)strcspn(message, "\n");
}

static bool begins(const char *state, const char *with)
{
    return strncmp(state, with, strlen(with)) == 0;
}

// True for the SQLSTATEs after which this connection is of no more use.
static bool is_away(const char *state)
{
    return begins(state, "08") ||    // connection
           begins(state, "57P0") ||  // shutdown, restart, idle session
           begins(state, "25P03") || // idle in transaction
           begins(state, "53300") || // too many connections
           begins(state, "25006") || // became a standby
           begins(state, "26000");   // a pooler forgot our statements
}

static enum error_code code_of(const char *state)
{
    if (begins(state, "40001") || begins(state, "40P01") ||
        begins(state, "55P03") || begins(state, "57014"))
        return ERROR_BUSY;
    if (begins(state, "53100"))
        return ERROR_FULL;
    if (begins(state, "23505"))
        return ERROR_CONFLICT;
    if (begins(state, "23503"))
        return ERROR_NOT_FOUND;
    // Resources, and what the operating system refused: this may pass.
    if (is_away(state) || begins(state, "53") || begins(state, "58"))
        return ERROR_STORE;
    return ERROR_INTERNAL;
}

// ---- connecting -------------------------------------------------------------

void pgpipeline_disconnect(struct pgpipeline *pipeline)
{
    PQfinish(pipeline->connection);
    pipeline->connection = NULL;
    pipeline->doomed = false;
    pipeline->n_expected = 0;
    memset(pipeline->prepared, ABSENT, sizeof pipeline->prepared);
}

// Drops the connection and starts the back-off. Always returns -1.
static int lose(struct pgpipeline *pipeline, const char *why, struct error *err)
{
    error_set(err, ERROR_STORE, "PostgreSQL: %.*s", line_of(why), why);
    pgpipeline_disconnect(pipeline);
    if (pipeline->backoff_ms < BACKOFF_FIRST_MS)
        pipeline->backoff_ms = BACKOFF_FIRST_MS;
    // Between half and all of it, so that sessions do not come back as one.
    pipeline->jitter = pipeline->jitter * 6364136223846793005U + 1;
    int64_t half = pipeline->backoff_ms / 2;
    int64_t random = (int64_t)(pipeline->jitter >> 33) % (half + 1);
    pipeline->retry_at_ms = now_ms() + half + random;
    pipeline->backoff_ms *= 2;
    if (pipeline->backoff_ms > BACKOFF_LAST_MS)
        pipeline->backoff_ms = BACKOFF_LAST_MS;
    return -1;
}

static void ignore_notice(void *context, const PGresult *result)
{
    (void)context;
    (void)result;
}

// What the URL says wins over what comes before it.
static PGconn *connect_url(const char *url)
{
    static const char *const keywords[] = {
        "connect_timeout",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "tcp_user_timeout",
        "target_session_attrs",
        "application_name",
        "options",
        "dbname",
        "client_encoding",
        NULL,
    };
    // A plan made while a table is small outlives that moment: each query has
    // its index, and shall walk it in order.
    static const char options[] =
        "-c statement_timeout=5000 -c lock_timeout=2000 "
        "-c idle_in_transaction_session_timeout=10000 -c jit=off "
        "-c enable_seqscan=off -c enable_bitmapscan=off";
    const char *values[] = {
        "3",      "10",    "3", "3",    "8000", "read-write",
        "cumaed", options, url, "UTF8", NULL,
    };
    return PQconnectdbParams(keywords, values, 1);
}

// True when the server has hung up since the last call.
static bool is_stale(struct pgpipeline *pipeline)
{
    struct pollfd socket = {PQsocket(pipeline->connection), POLLIN | POLLRDHUP,
                            0};
    if (poll(&socket, 1, 0) <= 0)
        return false;
    return (socket.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0 ||
           !PQconsumeInput(pipeline->connection);
}

int pgpipeline_connect(struct pgpipeline *pipeline, bool idle,
                       struct error *err)
{
    if (pipeline->connection != NULL && idle && is_stale(pipeline))
        pgpipeline_disconnect(pipeline);
    if (pipeline->connection != NULL)
        return 0;
    if (now_ms() < pipeline->retry_at_ms)
        return error_set(err, ERROR_STORE,
                         "PostgreSQL is away: waiting to connect again");
    pipeline->connection = connect_url(pipeline->url);
    if (pipeline->connection == NULL)
        abort();
    PQsetNoticeReceiver(pipeline->connection, ignore_notice, NULL);
    if (PQstatus(pipeline->connection) != CONNECTION_OK ||
        PQsetnonblocking(pipeline->connection, 1) ||
        !PQenterPipelineMode(pipeline->connection))
        return lose(pipeline, PQerrorMessage(pipeline->connection), err);
    return 0;
}

// A password with a character that should have been encoded ends up in what
// libpq takes for host or port.
static bool is_sound(const PQconninfoOption *options)
{
    for (; options->keyword != NULL; options++) {
        const char *value = options->val == NULL ? "" : options->val;
        if (strcmp(options->keyword, "port") == 0 &&
            value[strspn(value, "0123456789,")] != '\0')
            return false;
        if (strncmp(options->keyword, "host", 4) == 0 && strchr(value, '@'))
            return false;
    }
    return true;
}

// What libpq says of a URL may quote a piece of the password, so it is not
// repeated.
int pgpipeline_init(struct pgpipeline *pipeline, const char *url,
                    struct error *err)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    bool sound = options != NULL && is_sound(options);
    PQconninfoFree(options);
    if (!sound)
        return error_set(err, ERROR_INVALID,
                         "the URL of the database cannot be read: special "
                         "characters of names and passwords must be "
                         "percent-encoded");
    *pipeline = (struct pgpipeline){.url = strdup(url)};
    if (pipeline->url == NULL)
        abort();
    pipeline->jitter = (uint64_t)now_ms() ^ (uint64_t)(uintptr_t)pipeline;
    return 0;
}

void pgpipeline_done(struct pgpipeline *pipeline)
{
    pgpipeline_disconnect(pipeline);
    free(pipeline->expected);
    free(pipeline->url);
}

// ---- awaiting answers -------------------------------------------------------

// Sends and receives until an answer is complete. NULL, or why it failed.
static const char *await(PGconn *connection, int patience_ms)
{
    int64_t deadline = now_ms() + patience_ms;
    for (;;) {
        int unsent = PQflush(connection);
        if (unsent < 0)
            return PQerrorMessage(connection);
        if (!PQisBusy(connection))
            return NULL;
        int64_t left = deadline - now_ms();
        struct pollfd socket = {PQsocket(connection),
                                (short)(POLLIN | (unsent ? POLLOUT : 0)), 0};
        if (left <= 0)
            return "the server does not answer";
        if (poll(&socket, 1, (int)left) <= 0 || !(socket.revents & ~POLLOUT))
            continue;
        if (!PQconsumeInput(connection))
            return PQerrorMessage(connection);
        deadline = now_ms() + patience_ms;
    }
}

// Notes the answer to the expected command i. Only the first error counts:
// what follows it is aborted.
static void note(struct pgpipeline *pipeline, size_t i, const PGresult *result,
                 struct error *found)
{
    const struct pgexpected *expected =
        i < pipeline->n_expected ? &pipeline->expected[i] : NULL;
    ExecStatusType status = PQresultStatus(result);
    bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

    if (expected != NULL && expected->kind == PREPARE)
        pipeline->prepared[expected->query] = good ? READY : ABSENT;
    if (good || status == PGRES_PIPELINE_ABORTED)
        return;
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (message == NULL)
        message = PQresultErrorMessage(result);
    // Without a SQLSTATE the error is libpq's: the connection is gone, or libpq
    // had no memory for an answer and nobody knows what the server has done.
    error_set(found, state == NULL ? ERROR_STORE : code_of(state),
              "PostgreSQL: %.*s%s%s", line_of(message), message,
              state == NULL ? "" : ", SQLSTATE ", state == NULL ? "" : state);
    if (state == NULL || is_away(state))
        pipeline->doomed = true;
}

// Collects all answers, up to the synchronisation. *rows, when asked for, is
// the answer to the last command. NULL, or why the connection is lost.
static const char *collect(struct pgpipeline *pipeline, PGresult **rows,
                           struct error *found)
{
    PGconn *connection = pipeline->connection;
    size_t i = 0;
    bool answered = false;
    for (;;) {
        const char *why = await(connection, DEADLINE_MS);
        if (why != NULL)
            return why;
        PGresult *result = PQgetResult(connection);
        if (result == NULL) {
            i += answered;
            answered = false;
            if (PQstatus(connection) == CONNECTION_BAD)
                return PQerrorMessage(connection);
            continue;
        }
        answered = true;
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            return NULL;
        }
        note(pipeline, i, result, found);
        if (rows != NULL && i + 1 == pipeline->n_expected)
            *rows = result;
        else
            PQclear(result);
    }
}

int pgpipeline_settle(struct pgpipeline *pipeline, PGresult **rows,
                      struct error *err)
{
    struct error found = {0};
    if (!PQpipelineSync(pipeline->connection))
        return lose(pipeline, PQerrorMessage(pipeline->connection), err);
    const char *why = collect(pipeline, rows, &found);
    pipeline->n_expected = 0;
    if (found.code != ERROR_NONE)
        error_set(err, found.code, "%s", found.message);
    if (why != NULL || pipeline->doomed)
        return lose(pipeline, why == NULL ? found.message : why, err);
    pipeline->backoff_ms = 0;
    return found.code == ERROR_NONE ? 0 : -1;
}

// ---- sending ----------------------------------------------------------------

static void expect(struct pgpipeline *pipeline, int kind, enum query query)
{
    if (pipeline->n_expected == pipeline->capacity) {
        pipeline->capacity = 2 * pipeline->capacity + 64;
        pipeline->expected =
            realloc(pipeline->expected,
                    pipeline->capacity * sizeof *pipeline->expected);
        if (pipeline->expected == NULL)
            abort();
    }
    pipeline->expected[pipeline->n_expected++] =
        (struct pgexpected){kind, query};
}

int pgpipeline_control(struct pgpipeline *pipeline, const char *sql,
                       struct error *err)
{
    if (!PQsendQueryParams(pipeline->connection, sql, 0, NULL, NULL, NULL, NULL,
                           1))
        return lose(pipeline, PQerrorMessage(pipeline->connection), err);
    expect(pipeline, CONTROL, QUERIES);
    return 0;
}

static void name_of(enum query query, char name[16])
{
    snprintf(name, 16, "q%d", (int)query);
}

static int prepare(struct pgpipeline *pipeline, const struct db_call *call,
                   struct error *err)
{
    if (pipeline->prepared[call->query] != ABSENT)
        return 0;
    Oid types[DB_PARAMETERS];
    char name[16];
    for (size_t i = 0; i < call->n; i++)
        types[i] = pgbinary_type(call->values[i].type);
    name_of(call->query, name);
    if (!PQsendPrepare(pipeline->connection, name,
                       query_texts[DIALECT_POSTGRES][call->query], (int)call->n,
                       types))
        return lose(pipeline, PQerrorMessage(pipeline->connection), err);
    expect(pipeline, PREPARE, call->query);
    pipeline->prepared[call->query] = SENT;
    return 0;
}

int pgpipeline_call(struct pgpipeline *pipeline, const struct db_call *call,
                    struct arena *scratch, struct error *err)
{
    if (prepare(pipeline, call, err))
        return -1;
    const char *values[DB_PARAMETERS];
    int lengths[DB_PARAMETERS] = {0}, formats[DB_PARAMETERS];
    char name[16];
    for (size_t i = 0; i < call->n; i++) {
        values[i] = pgbinary_encode(scratch, &call->values[i], &lengths[i]);
        formats[i] = 1;
    }
    name_of(call->query, name);
    if (!PQsendQueryPrepared(pipeline->connection, name, (int)call->n, values,
                             lengths, formats, 1))
        return lose(pipeline, PQerrorMessage(pipeline->connection), err);
    expect(pipeline, RUN, call->query);
    return 0;
}

int pgpipeline_script(struct pgpipeline *pipeline, const char *sql,
                      struct error *err)
{
    struct error found = {0};
    if (pipeline->n_expected > 0 && pgpipeline_settle(pipeline, NULL, err))
        return -1;
    PGconn *connection = pipeline->connection;
    if (!PQexitPipelineMode(connection) || !PQsendQuery(connection, sql))
        return lose(pipeline, PQerrorMessage(connection), err);
    for (;;) {
        const char *why = await(connection, SCRIPT_MS);
        if (why != NULL)
            return lose(pipeline, why, err);
        PGresult *result = PQgetResult(connection);
        if (result == NULL)
            break;
        note(pipeline, SIZE_MAX, result, &found);
        PQclear(result);
    }
    if (PQstatus(connection) == CONNECTION_BAD ||
        !PQenterPipelineMode(connection))
        return lose(pipeline, PQerrorMessage(connection), err);
    return found.code == ERROR_NONE
               ? 0
               : error_set(err, found.code, "%s", found.message);
}
