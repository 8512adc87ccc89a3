// SPDX-License-Identifier: GPL-3.0-or-later
// route_session.h - a session at the end of a sign-in, whatever its way
//
// A handler that knows who signs in calls route_session_start, gives the
// result to session_open in the transaction, and the secret to
// route_session_cookie when that is committed.

#ifndef CUMAE_ROUTE_SESSION_H
#define CUMAE_ROUTE_SESSION_H

#include "route.h"
#include "session.h"

// What the request says of the browser; user, scopes and study are for the
// caller to fill in.
struct session_start route_session_start(struct call *call);

// Hands the browser the secret of its session, or takes it away (NULL).
void route_session_cookie(struct call *call, const char *secret);

#endif
