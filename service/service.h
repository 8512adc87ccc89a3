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
#include "http.h"
#include "metrics.h"
#include "pool.h"
#include "reaper.h"
#include "watch.h"

struct service {
    const struct config *config;
    struct engine *engine;
    struct pool *pool;
    struct reaper *reaper;
    struct watch *watch;
    struct courier *courier;
    struct accounts *accounts;
    struct access *access;
    struct directory *directory;
    struct answers *answers;
    struct metrics *metrics;
    struct http *http;
    atomic_bool draining;
};

#endif
