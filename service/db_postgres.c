// SPDX-License-Identifier: GPL-3.0-or-later
// db_postgres.c - a connection to PostgreSQL that never waits for ever
//
// Everything is sent in pipeline mode: BEGIN and the writes of a transaction
// are queued, and one synchronisation at the next read or at the commit
// collects all answers. A batch therefore costs one round trip per read and
// one for the commit, and one fsync. The socket does not block: while answers
// are awaited the rest of the queue is sent, so that neither side can wait for
// the other with full buffers.
//
// An answer is awaited with a deadline of our own, because a frozen server
// does not keep its statement_timeout. Whatever breaks the connection makes
// the calls fail fast with ERROR_STORE until a moment of back-off has passed
// (50 ms, doubled up to 2 s, with jitter); then the next call connects again.
//
// Statements are prepared on first use, in the same pipeline. A prepared
// statement is marked ready only by the server's answer: in an aborted
// pipeline the preparation is skipped like everything else.

#include "db.h"
#include "pgbinary.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    DEADLINE_MS = 8000,      // without a byte from the server
    SCRIPT_MS = 3600 * 1000, // a migration may take its time
    BACKOFF_FIRST_MS = 50,
    BACKOFF_LAST_MS = 2000,
};

enum prepared { ABSENT, SENT, READY };

// What the server still has to answer, in order.
struct expected {
    enum { PREPARE, CONTROL, RUN } kind;
    enum query query; // of PREPARE
};

struct postgres {
    struct db db;
    char *url;
    PGconn *connection; // NULL: not connected
    bool doomed;        // the server said that it is going away
    unsigned char prepared[QUERIES];
    struct expected *expected; // [n_expected]
    size_t n_expected, capacity;
    int64_t backoff_ms;
    int64_t retry_at_ms; // no connection before that, on the monotonic clock
    uint64_t jitter;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
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

static void disconnect(struct postgres *postgres)
{
    PQfinish(postgres->connection);
    postgres->connection = NULL;
    postgres->doomed = false;
    postgres->n_expected = 0;
    memset(postgres->prepared, ABSENT, sizeof postgres->prepared);
}

// Drops the connection and starts the back-off. Always returns -1.
static int lose(struct postgres *postgres, const char *why, struct error *err)
{
    error_set(err, ERROR_STORE, "PostgreSQL: %.*s", line_of(why), why);
    disconnect(postgres);
    if (postgres->backoff_ms < BACKOFF_FIRST_MS)
        postgres->backoff_ms = BACKOFF_FIRST_MS;
    // Between half and all of it, so that sessions do not come back as one.
    postgres->jitter = postgres->jitter * 6364136223846793005U + 1;
    int64_t half = postgres->backoff_ms / 2;
    int64_t random = (int64_t)(postgres->jitter >> 33) % (half + 1);
    postgres->retry_at_ms = now_ms() + half + random;
    postgres->backoff_ms *= 2;
    if (postgres->backoff_ms > BACKOFF_LAST_MS)
        postgres->backoff_ms = BACKOFF_LAST_MS;
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
static bool is_stale(struct postgres *postgres)
{
    struct pollfd socket = {PQsocket(postgres->connection), POLLIN | POLLRDHUP,
                            0};
    if (poll(&socket, 1, 0) <= 0)
        return false;
    return (socket.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0 ||
           !PQconsumeInput(postgres->connection);
}

static int ensure_connection(struct postgres *postgres, struct error *err)
{
    if (postgres->connection != NULL && !postgres->db.in_transaction &&
        is_stale(postgres))
        disconnect(postgres);
    if (postgres->connection != NULL)
        return 0;
    if (now_ms() < postgres->retry_at_ms)
        return error_set(err, ERROR_STORE,
                         "PostgreSQL is away: waiting to connect again");
    postgres->connection = connect_url(postgres->url);
    if (postgres->connection == NULL)
        abort();
    PQsetNoticeReceiver(postgres->connection, ignore_notice, NULL);
    if (PQstatus(postgres->connection) != CONNECTION_OK ||
        PQsetnonblocking(postgres->connection, 1) ||
        !PQenterPipelineMode(postgres->connection))
        return lose(postgres, PQerrorMessage(postgres->connection), err);
    return 0;
}

static struct db *postgres_open(const char *url, struct error *err)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &message);
    if (options == NULL) {
        const char *why = message == NULL ? "out of memory" : message;
        error_set(err, ERROR_INVALID, "the URL of the database: %.*s",
                  line_of(why), why);
        PQfreemem(message);
        return NULL;
    }
    PQconninfoFree(options);
    struct postgres *postgres = calloc(1, sizeof *postgres);
    if (postgres == NULL || (postgres->url = strdup(url)) == NULL)
        abort();
    postgres->jitter = (uint64_t)now_ms() ^ (uint64_t)(uintptr_t)postgres;
    return &postgres->db;
}

static void postgres_drop(struct db *db)
{
    disconnect((struct postgres *)db);
}

static void postgres_close(struct db *db)
{
    struct postgres *postgres = (struct postgres *)db;
    disconnect(postgres);
    free(postgres->expected);
    free(postgres->url);
    free(postgres);
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
static void note(struct postgres *postgres, size_t i, const PGresult *result,
                 struct error *found)
{
    const struct expected *expected =
        i < postgres->n_expected ? &postgres->expected[i] : NULL;
    ExecStatusType status = PQresultStatus(result);
    bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

    if (expected != NULL && expected->kind == PREPARE)
        postgres->prepared[expected->query] = good ? READY : ABSENT;
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
        postgres->doomed = true;
}

// Collects all answers, up to the synchronisation. *rows, when asked for, is
// the answer to the last command. NULL, or why the connection is lost.
static const char *collect(struct postgres *postgres, PGresult **rows,
                           struct error *found)
{
    PGconn *connection = postgres->connection;
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
        note(postgres, i, result, found);
        if (rows != NULL && i + 1 == postgres->n_expected)
            *rows = result;
        else
            PQclear(result);
    }
}

// Synchronises: sends what is queued and awaits all answers.
static int settle(struct postgres *postgres, PGresult **rows, struct error *err)
{
    struct error found = {0};
    if (!PQpipelineSync(postgres->connection))
        return lose(postgres, PQerrorMessage(postgres->connection), err);
    const char *why = collect(postgres, rows, &found);
    postgres->n_expected = 0;
    if (found.code != ERROR_NONE)
        error_set(err, found.code, "%s", found.message);
    if (why != NULL || postgres->doomed)
        return lose(postgres, why == NULL ? found.message : why, err);
    postgres->backoff_ms = 0;
    return found.code == ERROR_NONE ? 0 : -1;
}

// ---- sending ----------------------------------------------------------------

static void expect(struct postgres *postgres, int kind, enum query query)
{
    if (postgres->n_expected == postgres->capacity) {
        postgres->capacity = 2 * postgres->capacity + 64;
        postgres->expected =
            realloc(postgres->expected,
                    postgres->capacity * sizeof *postgres->expected);
        if (postgres->expected == NULL)
            abort();
    }
    postgres->expected[postgres->n_expected++] = (struct expected){kind, query};
}

// Queues BEGIN, COMMIT or ROLLBACK.
static int control(struct postgres *postgres, const char *sql,
                   struct error *err)
{
    if (!PQsendQueryParams(postgres->connection, sql, 0, NULL, NULL, NULL, NULL,
                           1))
        return lose(postgres, PQerrorMessage(postgres->connection), err);
    expect(postgres, CONTROL, QUERIES);
    return 0;
}

static void name_of(enum query query, char name[16])
{
    snprintf(name, 16, "q%d", (int)query);
}

static int prepare(struct postgres *postgres, const struct db_call *call,
                   struct error *err)
{
    if (postgres->prepared[call->query] != ABSENT)
        return 0;
    Oid types[DB_PARAMETERS];
    char name[16];
    for (size_t i = 0; i < call->n; i++)
        types[i] = pgbinary_type(call->values[i].type);
    name_of(call->query, name);
    if (!PQsendPrepare(postgres->connection, name,
                       query_texts[DIALECT_POSTGRES][call->query], (int)call->n,
                       types))
        return lose(postgres, PQerrorMessage(postgres->connection), err);
    expect(postgres, PREPARE, call->query);
    postgres->prepared[call->query] = SENT;
    return 0;
}

static int queue(struct postgres *postgres, const struct db_call *call,
                 struct error *err)
{
    if (ensure_connection(postgres, err) || prepare(postgres, call, err))
        return -1;
    const char *values[DB_PARAMETERS];
    int lengths[DB_PARAMETERS] = {0}, formats[DB_PARAMETERS];
    char name[16];
    for (size_t i = 0; i < call->n; i++) {
        values[i] = pgbinary_encode(&postgres->db.scratch, &call->values[i],
                                    &lengths[i]);
        formats[i] = 1;
    }
    name_of(call->query, name);
    if (!PQsendQueryPrepared(postgres->connection, name, (int)call->n, values,
                             lengths, formats, 1))
        return lose(postgres, PQerrorMessage(postgres->connection), err);
    expect(postgres, RUN, call->query);
    return 0;
}

// ---- the driver -------------------------------------------------------------

static int postgres_begin(struct db *db, struct error *err)
{
    struct postgres *postgres = (struct postgres *)db;
    if (ensure_connection(postgres, err))
        return -1;
    return control(postgres, "BEGIN", err);
}

static int postgres_commit(struct db *db, struct error *err)
{
    struct postgres *postgres = (struct postgres *)db;
    if (control(postgres, "COMMIT", err))
        return -1;
    return settle(postgres, NULL, err);
}

// An aborted pipeline takes no ROLLBACK before it is synchronised.
static void postgres_rollback(struct db *db)
{
    struct postgres *postgres = (struct postgres *)db;
    struct error ignored = {0};
    if (postgres->connection != NULL && postgres->n_expected > 0)
        settle(postgres, NULL, &ignored);
    error_clear(&ignored);
    if (postgres->connection == NULL ||
        PQtransactionStatus(postgres->connection) == PQTRANS_IDLE)
        return;
    if (control(postgres, "ROLLBACK", &ignored) ||
        settle(postgres, NULL, &ignored))
        disconnect(postgres);
}

static int postgres_write(struct db *db, const struct db_call *call,
                          struct error *err)
{
    struct postgres *postgres = (struct postgres *)db;
    if (queue(postgres, call, err))
        return -1;
    return db->in_transaction ? 0 : settle(postgres, NULL, err);
}

static int postgres_read(struct db *db, const struct db_call *call,
                         const struct db_reader *reader, struct error *err)
{
    struct postgres *postgres = (struct postgres *)db;
    PGresult *rows = NULL;
    if (queue(postgres, call, err))
        return -1;
    int rc = settle(postgres, &rows, err);
    int n = rows == NULL ? 0 : PQntuples(rows);
    for (int i = 0; i < n && rc == 0; i++) {
        struct db_row row = {&db_postgres, rows, i, 0, &db->scratch, false};
        rc = reader->visit(reader->context, &row, err);
    }
    PQclear(rows);
    return rc ? -1 : n;
}

// Several statements in one string need the simple protocol, outside the
// pipeline.
static int postgres_script(struct db *db, const char *sql, struct error *err)
{
    struct postgres *postgres = (struct postgres *)db;
    struct error found = {0};
    if (ensure_connection(postgres, err) ||
        (postgres->n_expected > 0 && settle(postgres, NULL, err)))
        return -1;
    PGconn *connection = postgres->connection;
    if (!PQexitPipelineMode(connection) || !PQsendQuery(connection, sql))
        return lose(postgres, PQerrorMessage(connection), err);
    for (;;) {
        const char *why = await(connection, SCRIPT_MS);
        if (why != NULL)
            return lose(postgres, why, err);
        PGresult *result = PQgetResult(connection);
        if (result == NULL)
            break;
        note(postgres, SIZE_MAX, result, &found);
        PQclear(result);
    }
    if (PQstatus(connection) == CONNECTION_BAD ||
        !PQenterPipelineMode(connection))
        return lose(postgres, PQerrorMessage(connection), err);
    return found.code == ERROR_NONE
               ? 0
               : error_set(err, found.code, "%s", found.message);
}

// ---- columns ----------------------------------------------------------------

static const char *cell(const struct db_row *row, int column, size_t *n)
{
    *n = (size_t)PQgetlength(row->source, row->index, column);
    return PQgetvalue(row->source, row->index, column);
}

static bool column_is_null(const struct db_row *row, int column)
{
    return PQgetisnull(row->source, row->index, column);
}

static int64_t column_integer(const struct db_row *row, int column)
{
    size_t n;
    const char *from = cell(row, column, &n);
    return pgbinary_int(from, n);
}

static double column_real(const struct db_row *row, int column)
{
    size_t n;
    const char *from = cell(row, column, &n);
    return pgbinary_double(from, n);
}

static const char *column_text(const struct db_row *row, int column, size_t *n)
{
    return cell(row, column, n);
}

static const void *column_bytes(const struct db_row *row, int column, size_t *n)
{
    return cell(row, column, n);
}

static const double *column_doubles(const struct db_row *row, int column,
                                    size_t *n)
{
    size_t bytes;
    const char *from = cell(row, column, &bytes);
    return pgbinary_doubles(row->arena, from, bytes, n);
}

const struct db_driver db_postgres = {
    .dialect = DIALECT_POSTGRES,
    .open = postgres_open,
    .close = postgres_close,
    .begin = postgres_begin,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .write = postgres_write,
    .read = postgres_read,
    .script = postgres_script,
    .drop = postgres_drop,
    .is_null = column_is_null,
    .integer = column_integer,
    .real = column_real,
    .text = column_text,
    .bytes = column_bytes,
    .doubles = column_doubles,
};
