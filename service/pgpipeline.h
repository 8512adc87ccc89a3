// SPDX-License-Identifier: GPL-3.0-or-later
// pgpipeline.h - a connection to PostgreSQL that never waits for ever
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

#ifndef CUMAE_PGPIPELINE_H
#define CUMAE_PGPIPELINE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db.h"

struct pgpipeline {
    char *url;
    PGconn *connection; // NULL: not connected
    bool doomed;        // the server said that it is going away
    unsigned char prepared[QUERIES];
    struct pgexpected *expected; // [n_expected]
    size_t n_expected, capacity;
    int64_t backoff_ms;
    int64_t retry_at_ms; // no connection before that, on the monotonic clock
    uint64_t jitter;
};

// Checks the URL (ERROR_INVALID); connects to nobody yet.
int pgpipeline_init(struct pgpipeline *pipeline, const char *url,
                    struct error *err);
void pgpipeline_done(struct pgpipeline *pipeline);

// Connects unless it is connected. `idle`: no transaction is under way, so a
// connection that the server has closed is replaced by a new one.
int pgpipeline_connect(struct pgpipeline *pipeline, bool idle,
                       struct error *err);
void pgpipeline_disconnect(struct pgpipeline *pipeline);

// Queues BEGIN, COMMIT or ROLLBACK on a connection that is there.
int pgpipeline_control(struct pgpipeline *pipeline, const char *sql,
                       struct error *err);

// Queues a query on a connection that is there. Its parameters are encoded in
// `scratch`.
int pgpipeline_call(struct pgpipeline *pipeline, const struct db_call *call,
                    struct arena *scratch, struct error *err);

// Synchronises: sends what is queued and awaits all answers. *rows, unless
// NULL, is that to the last query, for the caller to clear.
int pgpipeline_settle(struct pgpipeline *pipeline, PGresult **rows,
                      struct error *err);

// Runs several statements in one string, which needs the simple protocol,
// outside the pipeline.
int pgpipeline_script(struct pgpipeline *pipeline, const char *sql,
                      struct error *err);

#endif
