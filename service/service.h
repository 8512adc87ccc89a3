// SPDX-License-Identifier: GPL-3.0-or-later
// service.h - the parts of a running service, tied together
//
// main builds one and hands it to the routes; nothing here is global.

#ifndef CUMAE_SERVICE_H
#define CUMAE_SERVICE_H

#include <stdatomic.h>

#include "access.h"
#include "account.h"
#include "answers.h"
#include "config.h"
#include "courier.h"
#include "directory.h"
#include "engine.h"
#include "gate.h"
#include "http.h"
#include "machine.h"
#include "load.h"
#include "metrics.h"
#include "oidc.h"
#include "permit.h"
#include "pool.h"
#include "reaper.h"
#include "roster.h"
#include "uses.h"
#include "watch.h"

struct service {
    const struct config *config;
    struct arena arena; // lives as long as the service
    struct engine *engine;
    struct pool *pool, *slow_pool;
    struct pool *outside; // whose threads may wait for providers, or NULL
    struct oidc_providers providers; // of identities
    struct oidc *oidc;               // NULL: there are none
    struct machines machines;
    struct reaper *reaper;
    struct watch *watch;
    struct courier *courier;
    struct accounts *accounts;
    struct permit *permit;
    struct uses *uses;
    struct access *access;
    struct directory *directory;
    struct answers *answers;
    struct rosters *rosters;
    struct metrics *metrics;
    struct gate *gate;
    struct load *load;
    struct http *http;
    atomic_bool draining;
};

#endif
