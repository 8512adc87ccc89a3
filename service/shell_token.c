// SPDX-License-Identifier: GPL-3.0-or-later
// shell_token.c - cumaed token create, list, revoke, rotate

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "clock.h"
#include "shell_private.h"
#include "store_study.h"
#include "token.h"
#include "wire_token.h"

static const struct token_reach everything = {.scopes = SCOPE_ALL};

// ---- reading ----------------------------------------------------------------

static int read_id(const char *text, int64_t *id, struct error *err)
{
    size_t digits = strspn(text, "0123456789");
    *id = digits && digits <= 18 && !text[digits] ? strtoll(text, NULL, 10) : 0;
    return *id ? 0
               : error_set(err, ERROR_INVALID,
                           "ID must be a token's id, not \"%.40s\"", text);
}

static int read_scopes(struct shell *shell, unsigned *scopes, struct error *err)
{
    const char *text = shell->scopes ? shell->scopes : "read,ask";
    char *rest = arena_copy(&shell->arena, text, strlen(text)), *word;
    *scopes = 0;
    while ((word = strsep(&rest, ", ")) != NULL) {
        unsigned scope = scope_from_name(word);
        if (!scope)
            return error_set(err, ERROR_INVALID,
                             "scopes must be of read,ask,steer,admin, not "
                             "\"%.40s\"",
                             word);
        *scopes |= scope;
    }
    return 0;
}

static int read_name(const struct shell *shell, struct error *err)
{
    size_t n = shell->name ? strlen(shell->name) : 0;
    return n > 0 && n <= TOKEN_MAX_NAME
               ? 0
               : error_set(err, ERROR_INVALID,
                           "--name must have 1 to %d bytes, not %zu",
                           TOKEN_MAX_NAME, n);
}

static int read_study(struct shell *shell, int64_t *id, struct error *err)
{
    struct study_row study;
    *id = 0;
    if (!shell->study)
        return 0;
    if (store_study_find(shell->store, shell->study, &shell->arena, &study,
                         err))
        return -1;
    *id = study.id;
    return 0;
}

static int read_expiry(const struct shell *shell, const char *standard,
                       int64_t *ms, struct error *err)
{
    const char *text = shell->expires ? shell->expires : standard;
    *ms = text ? token_expiry(text, clock_wall_ms(), err) : 0;
    return *ms < 0 ? -1 : 0;
}

static int read_token(struct shell *shell, struct new_token *token,
                      struct error *err)
{
    struct user_row user;
    unsigned scopes;
    int64_t expires_ms, study_id;
    if (!shell->user)
        return error_set(err, ERROR_INVALID, "--user is required");
    if (read_name(shell, err) || read_scopes(shell, &scopes, err) ||
        read_expiry(shell, "1m", &expires_ms, err) ||
        shell_find_user(shell, shell->user, &user, err) ||
        read_study(shell, &study_id, err))
        return -1;
    account_new_token(token, TOKEN_API, user.id, shell->name, scopes,
                      expires_ms);
    token->row.study_id = study_id;
    return 0;
}

// ---- printing ---------------------------------------------------------------

static void print_json(struct shell *shell, struct new_token *token)
{
    struct text text;
    text_init(&text, &shell->arena);
    text_char(&text, '{');
    wire_token(&text, &token->row);
    text_key_string(&text, "token", token->secret);
    text_char(&text, '}');
    puts(text.data);
    auth_wipe(text.data, text.n);
}

static void print_token(struct shell *shell, struct new_token *token)
{
    if (shell->json)
        print_json(shell, token);
    else
        puts(token->secret);
    auth_wipe(token->secret, sizeof token->secret);
}

// ---- commands ---------------------------------------------------------------

int shell_token_create(struct shell *shell, struct error *err)
{
    struct new_token token;
    struct audit_row audit = shell_audit("token.create");
    if (store_begin(shell->store, err))
        return -1;
    int failed = read_token(shell, &token, err) ||
                 token_create(shell->store, &token, &audit, &shell->arena, err);
    if (shell_end(shell, failed, err))
        return -1;
    print_token(shell, &token);
    return 0;
}

int shell_token_revoke(struct shell *shell, struct error *err)
{
    int64_t id;
    struct audit_row audit = shell_audit("token.revoke");
    if (read_id(shell->argument, &id, err) || store_begin(shell->store, err))
        return -1;
    return shell_end(
        shell, token_revoke(shell->store, &everything, id, &audit, err), err);
}

static int read_overlap(const struct shell *shell, int64_t *overlap_s,
                        struct error *err)
{
    const char *text = shell->overlap_s ? shell->overlap_s : "0";
    size_t digits = strspn(text, "0123456789");
    *overlap_s =
        digits && digits <= 18 && !text[digits] ? strtoll(text, NULL, 10) : -1;
    return *overlap_s >= 0 && *overlap_s <= TOKEN_MAX_OVERLAP_S
               ? 0
               : error_set(err, ERROR_INVALID,
                           "--overlap_s must be from 0 to %d, not \"%.40s\"",
                           TOKEN_MAX_OVERLAP_S, text);
}

int shell_token_rotate(struct shell *shell, struct error *err)
{
    struct token_rotation rotation = {.reach = everything};
    struct audit_row audit = shell_audit("token.rotate");
    if (read_id(shell->argument, &rotation.id, err) ||
        read_overlap(shell, &rotation.overlap_s, err) ||
        read_expiry(shell, NULL, &rotation.expires_ms, err) ||
        store_begin(shell->store, err))
        return -1;
    int failed =
        token_rotate(shell->store, &rotation, &audit, &shell->arena, err);
    if (shell_end(shell, failed, err))
        return -1;
    print_token(shell, &rotation.token);
    return 0;
}

// ---- list -------------------------------------------------------------------

struct listing {
    struct shell *shell;
    struct text text;
    int64_t now_ms;
};

static const char *state_of(const struct token_row *row, int64_t now_ms)
{
    if (row->revoked_ms)
        return "revoked";
    if (row->expires_ms && row->expires_ms <= now_ms)
        return "expired";
    return row->user_disabled ? "disabled" : "valid";
}

// A time as people read it in a table, to the minute.
static void add_time(struct text *text, int64_t ms)
{
    struct text time;
    struct arena arena;
    arena_init(&arena);
    text_init(&time, &arena);
    text_time(&time, ms);
    text_print(text, "%-17.*s ", ms ? 16 : 1, ms ? time.data + 1 : "-");
    arena_done(&arena);
}

static void add_line(struct text *text, const struct token_row *row,
                     int64_t now_ms)
{
    text_print(text, "%-6" PRId64 " %-9s %-16s %-9s ", row->id, row->prefix,
               row->user_name, state_of(row, now_ms));
    add_time(text, row->expires_ms);
    add_time(text, row->used_ms);
    text_print(text, "%s\n", row->name);
}

static int visit(void *context, const struct token_row *row, struct error *err)
{
    struct listing *listing = context;
    struct text *text = &listing->text;
    (void)err;
    if (!listing->shell->json) {
        add_line(text, row, listing->now_ms);
        return 0;
    }
    text_next(text);
    text_char(text, '{');
    text_key_string(text, "user", row->user_name);
    wire_token(text, row);
    text_char(text, '}');
    return 0;
}

int shell_token_list(struct shell *shell, struct error *err)
{
    struct listing listing = {.shell = shell, .now_ms = clock_wall_ms()};
    struct user_row user = {0};
    if (shell->user && shell_find_user(shell, shell->user, &user, err))
        return -1;
    text_init(&listing.text, &shell->arena);
    text_add(&listing.text, shell->json
                                ? "{\"tokens\":["
                                : "ID     PREFIX    USER             STATE     "
                                  "EXPIRES           LAST USED         NAME\n");
    if (store_token_list(shell->store, user.id, TOKEN_API, visit, &listing,
                         err))
        return -1;
    if (shell->json)
        text_add(&listing.text, "]}\n");
    fputs(listing.text.data, stdout);
    return 0;
}
