// SPDX-License-Identifier: GPL-3.0-or-later
// shell_private.h - what the files of shell.h share

#ifndef CUMAE_SHELL_PRIVATE_H
#define CUMAE_SHELL_PRIVATE_H

#include "config.h"
#include "store_audit.h"
#include "text.h"
#include "user.h"

// A command on its way.
struct shell {
    struct config config;
    struct arena arena;
    struct store *store;
    const char *argument; // the ID or NAME, or NULL

    // Flags, NULL or false when not given.
    const char *user, *name, *expires, *scopes, *study, *overlap_s;
    const char *email, *display_name;
    bool admin, json;
};

// Does a command in a transaction. Prints nothing before it is committed.
int shell_token_create(struct shell *shell, struct error *err);
int shell_token_list(struct shell *shell, struct error *err);
int shell_token_revoke(struct shell *shell, struct error *err);
int shell_token_rotate(struct shell *shell, struct error *err);
int shell_user_add(struct shell *shell, struct error *err);
int shell_user_list(struct shell *shell, struct error *err);
int shell_user_invite(struct shell *shell, struct error *err);
int shell_user_disable(struct shell *shell, struct error *err);
int shell_user_enable(struct shell *shell, struct error *err);
int shell_user_admin(struct shell *shell, struct error *err);
int shell_user_unadmin(struct shell *shell, struct error *err);

// The user of this name. ERROR_NOT_FOUND names it.
int shell_find_user(struct shell *shell, const char *name, struct user_row *row,
                    struct error *err);

// A line of the audit log: nobody, now.
struct audit_row shell_audit(const char *action);

// Commits when `failed` is 0, else rolls back. Returns what became of it.
int shell_end(struct shell *shell, int failed, struct error *err);

#endif
