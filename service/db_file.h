// SPDX-License-Identifier: GPL-3.0-or-later
// db_file.h - makes the file of a SQLite database, for one process
//
// A record lock on PATH.lock, held until the process ends, refuses a second
// process. It belongs to the process, not to the descriptor: a forked child
// does not inherit it, and taking it again is harmless. It is between services:
// a command of the shell (shell.h) works on the file beside one.

#ifndef CUMAE_DB_FILE_H
#define CUMAE_DB_FILE_H

#include "../optimizers/error.h"

// Makes the folders (mode 0700) and the file (0600) that are missing and locks
// the file. ERROR_BUSY: another process has it; ERROR_STORE: it cannot be
// made, or lies on a network file system.
int db_file_create(const char *path, struct error *err);

#endif
