// SPDX-License-Identifier: GPL-3.0-or-later
// shell_user.c - cumaed user add, list, invite, disable, admin

#include <inttypes.h>
#include <string.h>

#include "auth.h"
#include "shell_private.h"

enum { PAGE = 200 }; // users in one look

// Writes the line of the audit log about a user.
static int record(struct shell *shell, const char *action, const char *name,
                  const char *after, struct error *err)
{
    struct audit_row row = shell_audit(action);
    row.object = name;
    row.after = after;
    return store_audit_add(shell->store, &row, err);
}

static const char *flags_of(struct shell *shell, const struct user_row *user)
{
    return arena_print(&shell->arena, "{\"admin\":%s,\"disabled\":%s}",
                       user->admin ? "true" : "false",
                       user->disabled ? "true" : "false");
}

// ---- add --------------------------------------------------------------------

static int check_text(const char *flag, const char *text, struct error *err)
{
    size_t n = text ? strlen(text) : 0;
    return n <= USER_MAX_TEXT
               ? 0
               : error_set(err, ERROR_INVALID,
                           "%s must have up to %d bytes, not %zu", flag,
                           USER_MAX_TEXT, n);
}

int shell_user_add(struct shell *shell, struct error *err)
{
    struct user_new user = {.row = {.name = shell->argument,
                                    .email = shell->email,
                                    .display_name = shell->display_name,
                                    .admin = shell->admin}};
    if (user_name_check(shell->argument, err) ||
        check_text("--email", shell->email, err) ||
        check_text("--display_name", shell->display_name, err) ||
        store_begin(shell->store, err))
        return -1;
    int failed = user_create(shell->store, &user, err) ||
                 record(shell, "user.create", user.row.name,
                        flags_of(shell, &user.row), err);
    return shell_end(shell, failed, err);
}

// ---- change -----------------------------------------------------------------

static int change(struct shell *shell, const struct user_change *change,
                  struct error *err)
{
    struct user_row found, before, after;
    if (store_begin(shell->store, err))
        return -1;
    int failed = shell_find_user(shell, shell->argument, &found, err) ||
                 user_change(shell->store, found.id, change, &shell->arena,
                             &before, &after, err);
    if (!failed) {
        struct audit_row row = shell_audit("user.patch");
        row.object = after.name;
        row.before = flags_of(shell, &before);
        row.after = flags_of(shell, &after);
        failed = store_audit_add(shell->store, &row, err);
    }
    return shell_end(shell, failed, err);
}

int shell_user_disable(struct shell *shell, struct error *err)
{
    return change(shell, &(struct user_change){.disabled = 1, .admin = -1},
                  err);
}

int shell_user_enable(struct shell *shell, struct error *err)
{
    return change(shell, &(struct user_change){.disabled = 0, .admin = -1},
                  err);
}

int shell_user_admin(struct shell *shell, struct error *err)
{
    return change(shell, &(struct user_change){.disabled = -1, .admin = 1},
                  err);
}

int shell_user_unadmin(struct shell *shell, struct error *err)
{
    return change(shell, &(struct user_change){.disabled = -1, .admin = 0},
                  err);
}

// ---- invite -----------------------------------------------------------------

static void print_link(struct shell *shell, struct new_token *link)
{
    const char *url = shell->config.public_url;
    if (!*url)
        url = arena_print(&shell->arena, "http://%s", shell->config.listen);
    if (shell->json)
        printf("{\"link\":\"%s/#code=%s\"}\n", url, link->secret);
    else
        printf("%s/#code=%s\n", url, link->secret);
    auth_wipe(link->secret, sizeof link->secret);
}

int shell_user_invite(struct shell *shell, struct error *err)
{
    struct user_row user;
    struct new_token link;
    if (store_begin(shell->store, err))
        return -1;
    int failed = shell_find_user(shell, shell->argument, &user, err) ||
                 user_invite(shell->store, &user, &link, err) ||
                 record(shell, "user.invite", user.name, NULL, err);
    if (shell_end(shell, failed, err))
        return -1;
    print_link(shell, &link);
    return 0;
}

// ---- list -------------------------------------------------------------------

struct listing {
    struct shell *shell;
    struct text text;
    int64_t last_id;
    int n; // in this page
};

static void add_json(struct text *text, const struct user_row *user)
{
    text_next(text);
    text_char(text, '{');
    text_key_int(text, "id", user->id);
    text_key_string(text, "name", user->name);
    text_key_string(text, "display_name", user->display_name);
    text_key_string(text, "email", user->email);
    text_key_bool(text, "admin", user->admin);
    text_key_bool(text, "disabled", user->disabled);
    text_key_time(text, "created", user->created_ms);
    text_key_time(text, "last_seen", user->seen_ms);
    text_char(text, '}');
}

static int visit(void *context, const struct user_row *user, struct error *err)
{
    struct listing *listing = context;
    (void)err;
    listing->last_id = user->id;
    listing->n++;
    if (listing->shell->json)
        add_json(&listing->text, user);
    else
        text_print(&listing->text, "%-24s %-9s %-14s %s\n", user->name,
                   user->disabled ? "disabled" : "enabled",
                   user->admin ? "administrator" : "user",
                   user->display_name ? user->display_name : "");
    return 0;
}

int shell_user_list(struct shell *shell, struct error *err)
{
    struct listing listing = {.shell = shell};
    text_init(&listing.text, &shell->arena);
    text_add(&listing.text,
             shell->json ? "{\"users\":["
                         : "NAME                     STATE     ROLE           "
                           "CALLED\n");
    do {
        const struct user_filter filter = {.after_id = listing.last_id,
                                           .limit = PAGE};
        listing.n = 0;
        if (store_user_list(shell->store, &filter, visit, &listing, err))
            return -1;
    } while (listing.n == PAGE);
    if (shell->json)
        text_add(&listing.text, "]}\n");
    fputs(listing.text.data, stdout);
    return 0;
}
