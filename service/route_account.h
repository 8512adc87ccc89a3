// SPDX-License-Identifier: GPL-3.0-or-later
// route_account.h - what other routes read and write as those of accounts do

#ifndef CUMAE_ROUTE_ACCOUNT_H
#define CUMAE_ROUTE_ACCOUNT_H

#include "wire.h"

// Reads the member `expires`: 1d, 1w, 1m (the default), 1y or a time within a
// year. ERROR_MALFORMED or ERROR_INVALID.
int64_t account_read_expiry(const struct fields *fields);

#endif
