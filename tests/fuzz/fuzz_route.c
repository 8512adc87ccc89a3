// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_route.c - the whole service without its sockets
//
// Two lines for each request: "METHOD TARGET [IDEMPOTENCY-KEY]" and the body.
// {study} and {token} stand for a study with a running trial 0 that is there
// at the beginning of each input, and for a token that may do everything.
//
// Whatever is asked, there is an answer that is no fault of ours; it is what
// its content type says; a request that is refused, or only looks, changes
// nothing; and in the end the counts of the study are those of its trials.
// Studies are deleted after each input, so that it does not matter what came
// before.

#include "fuzz.h"

#include <errno.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "http_exchange.h"
#include "http_target.h"
#include "log.h"
#include "route.h"
#include "utf8.h"
#include "wire.h"

void openblas_set_num_threads(int threads);

enum { MOST_REQUESTS = 12, MOST_BYTES = 8192, MOST_STUDIES = 1000 };

static const char setting[] =
    "{\"name\":\"fuzz\",\"objectives\":[{\"name\":\"loss\"}],\"space\":{"
    "\"x\":{\"type\":\"float\",\"low\":0,\"high\":1},"
    "\"n\":{\"type\":\"int\",\"low\":1,\"high\":9},"
    "\"c\":{\"type\":\"categorical\",\"choices\":[\"a\",\"b\"]}},"
    "\"sampler\":\"random\",\"pruner\":\"median\"}";

// What lives as long as the process.
struct world {
    char folder[256], url[300];
    struct config config;
    struct service service;
    struct http *http; // with one loop, which nobody turns
    struct store *store;
    struct new_token token;
};

// What an input may name.
struct scene {
    struct arena arena;
    struct world *world;
    char study[64];
};

// ---- the service ------------------------------------------------------------

static void must(int result, const struct error *err)
{
    expect(result == 0, "%s", err->message);
}

static void make_folder(struct world *world)
{
    const char *parent = getenv("TMPDIR");
    snprintf(world->folder, sizeof world->folder, "%s/cumae-fuzz-XXXXXX",
             parent ? parent : "/tmp");
    expect(mkdtemp(world->folder), "%s", world->folder);
    snprintf(world->url, sizeof world->url, "sqlite:%s/db", world->folder);
}

static void make_http(struct world *world)
{
    struct http *http = calloc(1, sizeof *http + sizeof *http->loops);
    struct error err = {0};
    expect(http, "no memory");
    http->options.max_body_bytes = world->config.max_body_bytes;
    http->n_loops = 1;
    http->peers = peers_new(0, NULL, &err);
    http->loops[0].http = http;
    http->loops[0].wake = eventfd(0, EFD_CLOEXEC);
    world->http = http;
    world->service.http = http;
}

static void forget(void *context)
{
    const struct service *service = context;
    accounts_forget(service->accounts);
    access_forget(service->access);
}

static void confirm(void *service, int64_t looked_us)
{
    accounts_confirm(((struct service *)service)->accounts, looked_us);
}

// As main.c does, without what makes changes of its own accord: the reaper and
// the thread of the courier. Nobody is kept waiting for events.
static void start(struct world *world)
{
    struct service *service = &world->service;
    struct error err = {0};
    const struct engine_options engine = {.database = world->url,
                                          .writers = 1,
                                          .preparers = 1,
                                          .batch = 8,
                                          .live_studies = 8,
                                          .max_waiting = 100,
                                          .quotas = world->config.quotas};
    const struct courier_options courier = {.database = world->url,
                                            .outbound = {.ca_file = ""}};
    const struct permit_options permit = {.database = world->url,
                                          .forget = forget,
                                          .confirm = confirm,
                                          .context = service};
    must(store_migrate(world->url, &err), &err);
    service->config = &world->config;
    service->accounts = accounts_new();
    service->uses = uses_new();
    service->access = access_new(NULL, NULL);
    service->directory = directory_new();
    service->answers = answers_new();
    service->rosters = rosters_new();
    service->metrics = metrics_new();
    service->load = load_new();
    service->gate = gate_new(&world->config, service->metrics);
    service->permit = permit_start(&permit, &err);
    expect(service->permit, "%s", err.message);
    service->watch = watch_start(world->url, &err);
    expect(service->watch, "%s", err.message);
    watch_drain(service->watch);
    service->courier = courier_new(&courier, &err);
    service->engine = engine_start(&engine, &err);
    expect(service->engine, "%s", err.message);
    struct pool_options pool = {.database = world->url,
                                .threads = 1,
                                .max_waiting = 100,
                                .work = route_work,
                                .context = service};
    service->pool = pool_start(&pool, &err);
    expect(service->pool, "%s", err.message);
    pool.work = route_work_slow;
    service->slow_pool = pool_start(&pool, &err);
    expect(service->slow_pool, "%s", err.message);
}

static void make_token(struct world *world)
{
    struct error err = {0};
    struct new_token link;
    bool made;
    world->store = store_open(world->url, &err);
    expect(world->store, "%s", err.message);
    must(account_first(world->store, &world->token, &link, &made, &err), &err);
    expect(made, "the database is new");
}

static struct world *the_world(void)
{
    static struct world world;
    static char *const argv[] = {"fuzz_route", "--requests-per-minute=0",
                                 "--requests-per-minute-per-address=0",
                                 "--failed-per-minute=0", NULL};
    enum config_wish wish;
    struct error err = {0};
    if (world.store)
        return &world;
    wire_start();
    gsl_set_error_handler_off();
    openblas_set_num_threads(1);
    log_set_level(LOG_ERROR);
    must(config_load(&world.config, argv, &wish, &err), &err);
    make_folder(&world);
    make_http(&world);
    start(&world);
    make_token(&world);
    return &world;
}

// ---- one request ------------------------------------------------------------

// The text with {study} and {token} filled in.
static char *filled(const struct scene *scene, const char *text)
{
    struct text out;
    text_init(&out, (struct arena *)(uintptr_t)&scene->arena);
    while (*text) {
        if (strncmp(text, "{study}", 7) == 0)
            text_add(&out, scene->study);
        else if (strncmp(text, "{token}", 7) == 0)
            text_add(&out, scene->world->token.secret);
        else {
            text_char(&out, *text++);
            continue;
        }
        text += 7;
    }
    return out.data;
}

static enum http_method method_of(const char *name)
{
    static const char *const names[] = {"GET",   "HEAD",   "POST",   "PUT",
                                        "PATCH", "DELETE", "OPTIONS"};
    enum http_method method = 0;
    while (method < HTTP_OTHER && strcmp(names[method], name) != 0)
        method++;
    return method;
}

// Would it end what all inputs need, or wait for an answer from elsewhere?
static bool is_harmful(const struct request *request)
{
    const char *path = request->path;
    size_t n = strlen(path);
    return (request->method == HTTP_DELETE &&
            (strncmp(path, "/api/v1/tokens", 14) == 0 ||
             strcmp(path, "/api/v1/session") == 0)) ||
           (n > 7 && strcmp(path + n - 7, "/rotate") == 0) ||
           (n > 5 && strcmp(path + n - 5, "/test") == 0);
}

static struct exchange *exchange_of(const struct scene *scene, char *line,
                                    const char *body)
{
    struct world *world = scene->world;
    struct connection connection = {.loop = world->http->loops, .peer = "fuzz"};
    const char *method = strsep(&line, " ");
    const char *target = line ? strsep(&line, " ") : "";
    struct exchange *exchange =
        exchange_new(&connection, filled(scene, target));
    struct request *request = &exchange->request;
    struct error err = {0};
    char *bearer =
        arena_print(&request->arena, "Bearer %s", world->token.secret);
    exchange->connection = NULL;
    request->method = method_of(method);
    snprintf(request->id, sizeof request->id, "fuzz-request");
    request->headers[request->n_headers++] =
        (struct http_pair){"authorization", bearer};
    if (line)
        request->headers[request->n_headers++] = (struct http_pair){
            "idempotency-key", arena_copy(&request->arena, line, strlen(line))};
    body = filled(scene, body);
    exchange_take(exchange, body, strlen(body));
    if (target_parse(request, exchange->request.target, &err) ||
        exchange_end(exchange, &err) || is_harmful(request)) {
        exchange_free(exchange);
        return NULL;
    }
    return exchange;
}

// Waits for the answer.
static void answer(struct world *world, struct exchange *exchange)
{
    struct loop *loop = &world->http->loops[0];
    eventfd_t woken;
    atomic_fetch_add(&world->http->in_flight, 1);
    route_request(&world->service, &exchange->request);
    while (eventfd_read(loop->wake, &woken))
        expect(errno == EINTR, "no answer"); // by the alarm of the fuzzer
    expect(atomic_exchange(&loop->answered, NULL) == exchange, "answered once");
}

// ---- what must hold ---------------------------------------------------------

static void check_json(const struct request *request)
{
    const struct reply *reply = &request->reply;
    json_t *json = json_loadb(reply->body, reply->body_bytes,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    // Hopaas clients get their constants back, which may be NaN.
    if (!json && strncmp(request->path, "/api/ask/", 9) == 0) {
        struct arena arena;
        struct error err = {0};
        arena_init(&arena);
        json = wire_parse(reply->body, reply->body_bytes, &arena, &err);
        arena_done(&arena);
    }
    expect(json, "%s: %s", request->path, reply->body);
    if (reply->status >= 400) {
        const json_t *detail = json_object_get(json, "detail");
        expect(json_string_length(detail) > 0, "%s", reply->body);
    }
    json_decref(json);
}

static void check_reply(const struct request *request)
{
    const struct reply *reply = &request->reply;
    const char *type = reply->content_type;
    expect(reply->status < 500, "%s: %d %s", request->path, reply->status,
           reply->body);
    expect(reply->status < 400 || type, "%s", request->path);
    if (!type || reply->body_bytes == 0)
        return;
    expect(!strstr(type, "text") ||
               utf8_is_valid(reply->body, reply->body_bytes),
           "%s", request->path);
    if (strstr(type, "json") && !strstr(type, "ndjson"))
        check_json(request);
}

// The revision of the study, -1 when it is gone.
static int64_t revision(const struct scene *scene,
                        struct study_progress *progress, int64_t *study_id)
{
    int64_t owner_id;
    struct error err = {0};
    if (store_study_progress(scene->world->store, scene->study, study_id,
                             &owner_id, progress, &err) == 0)
        return progress->revision;
    expect(err.code == ERROR_NOT_FOUND, "%s", err.message);
    return -1;
}

static void request_one(const struct scene *scene, char *line, const char *body)
{
    struct study_progress progress;
    int64_t id, before = revision(scene, &progress, &id);
    struct exchange *exchange = exchange_of(scene, line, body);
    if (!exchange)
        return;
    struct request *request = &exchange->request;
    answer(scene->world, exchange);
    check_reply(request);
    if (request->reply.status >= 400 || request->method == HTTP_GET)
        expect(revision(scene, &progress, &id) == before,
               "%s changed something: %d %s", request->path,
               request->reply.status, request->reply.body);
    exchange_free(exchange);
}

static int count(void *context, const struct trial_row *row, struct error *err)
{
    int64_t *counted = context;
    (void)err;
    counted[row->state]++;
    return 0;
}

static void check_books(const struct scene *scene)
{
    struct study_progress progress;
    int64_t counted[TRIAL_STATES] = {0}, id;
    struct error err = {0};
    if (revision(scene, &progress, &id) < 0)
        return;
    const struct trial_filter filter = {.study_id = id,
                                        .value_min = NAN,
                                        .value_max = NAN,
                                        .after_number = -1,
                                        .since_revision = -1,
                                        .limit = 1000000};
    must(store_trial_list(scene->world->store, &filter, count, counted, &err),
         &err);
    for (int state = 0; state < TRIAL_STATES; state++)
        expect(counted[state] == progress.count[state], "%s: %lld, not %lld",
               trial_state_name((enum trial_state)state),
               (long long)counted[state], (long long)progress.count[state]);
}

// ---- an input ---------------------------------------------------------------

// Makes the study, with a running trial.
static void set_up(struct scene *scene)
{
    char create[] = "POST /api/v1/studies";
    char ask[] = "POST /api/v1/studies/{study}/ask";
    struct exchange *exchange = exchange_of(scene, create, setting);
    const struct reply *reply = &exchange->request.reply;
    answer(scene->world, exchange);
    expect(reply->status == 201, "%d %s", reply->status, reply->body);
    json_t *json = json_loadb(reply->body, reply->body_bytes, 0, NULL);
    snprintf(scene->study, sizeof scene->study, "%s",
             json_string_value(json_object_get(json, "id")));
    json_decref(json);
    exchange_free(exchange);
    request_one(scene, ask, "{}");
}

static int note(void *context, const struct study_row *row, struct error *err)
{
    struct text *keys = context;
    (void)err;
    text_print(keys, "%s\n", row->key);
    return 0;
}

static void tear_down(struct scene *scene)
{
    const struct study_filter all = {
        .everything = true, .state = -1, .limit = MOST_STUDIES};
    struct error err = {0};
    struct text keys;
    text_init(&keys, &scene->arena);
    must(store_study_list(scene->world->store, &all, note, &keys, &err), &err);
    char *rest = keys.data;
    for (char *key; (key = strsep(&rest, "\n")) != NULL;) {
        if (!*key)
            continue;
        char line[200];
        snprintf(line, sizeof line, "DELETE /api/v1/studies/%s", key);
        struct exchange *exchange = exchange_of(scene, line, "");
        answer(scene->world, exchange);
        expect(exchange->request.reply.status == 204, "%s", line);
        exchange_free(exchange);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scene scene = {.world = the_world()};
    if (size > MOST_BYTES)
        return 0;
    arena_init(&scene.arena);
    char *rest = arena_copy(&scene.arena, (const char *)data, size);
    set_up(&scene);
    for (int i = 0; i < MOST_REQUESTS && rest; i++) {
        char *line = strsep(&rest, "\n"), *body = strsep(&rest, "\n");
        request_one(&scene, line, body ? body : "");
    }
    check_books(&scene);
    tear_down(&scene);
    arena_done(&scene.arena);
    return 0;
}
