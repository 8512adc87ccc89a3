// SPDX-License-Identifier: GPL-3.0-or-later
// http_tls.c - the certificate of the service, and its key

#include "http_tls.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <gnutls/x509.h>

#include "log.h"

enum { MAX_FILE_BYTES = 1 << 20, DAY_S = 86400, ID_BYTES = 64 };

struct tls {
    pthread_mutex_t lock;
    const char *certificate, *key; // paths
    struct credential *current;
};

// ---- files ------------------------------------------------------------------

// Reads a file of PEM. `secret`: not one that everybody may read.
static int read_file(const char *path, bool secret, gnutls_datum_t *data,
                     struct error *err)
{
    struct stat about;
    FILE *file = fopen(path, "re");
    if (file == NULL || fstat(fileno(file), &about) != 0) {
        error_set(err, ERROR_INVALID, "cannot read %.150s: %s", path,
                  strerror(errno));
    } else if (secret && (about.st_mode & (S_IROTH | S_IWOTH)) != 0) {
        error_set(err, ERROR_INVALID,
                  "tls_key must not be readable by everybody: chmod o-rwx "
                  "%.150s",
                  path);
    } else {
        data->data = malloc(MAX_FILE_BYTES);
        if (data->data == NULL)
            abort();
        data->size = (unsigned)fread(data->data, 1, MAX_FILE_BYTES, file);
    }
    if (file != NULL)
        fclose(file);
    return data->data == NULL ? -1 : 0;
}

static void forget(gnutls_datum_t *data)
{
    if (data->data != NULL)
        explicit_bzero(data->data, data->size);
    free(data->data);
}

// ---- a pair -----------------------------------------------------------------

// Does the key belong to the first certificate? A key id is a hash of the
// public key.
static bool fits(const struct credential *credential)
{
    unsigned char wanted[ID_BYTES], found[ID_BYTES];
    size_t n_wanted = sizeof wanted, n_found = sizeof found;
    gnutls_pubkey_t public;
    if (gnutls_pubkey_init(&public) < 0)
        abort();
    bool same =
        gnutls_pubkey_import_privkey(public, credential->key, 0, 0) >= 0 &&
        gnutls_pubkey_get_key_id(public, 0, found, &n_found) >= 0 &&
        gnutls_pubkey_get_key_id(credential->chain[0].pubkey, 0, wanted,
                                 &n_wanted) >= 0 &&
        n_wanted == n_found && memcmp(wanted, found, n_found) == 0;
    gnutls_pubkey_deinit(public);
    return same;
}

static int import(struct tls *tls, struct credential *credential,
                  const gnutls_datum_t *certificate, const gnutls_datum_t *key,
                  struct error *err)
{
    unsigned n = TLS_MAX_CHAIN;
    int status = gnutls_pcert_list_import_x509_raw(
        credential->chain, &n, certificate, GNUTLS_X509_FMT_PEM, 0);
    if (status < 0 || n == 0)
        return error_set(err, ERROR_INVALID,
                         "tls_certificate %.100s has no chain of up to %d "
                         "certificates: %s",
                         tls->certificate, TLS_MAX_CHAIN,
                         gnutls_strerror(status));
    credential->n = n;
    status = gnutls_privkey_import_x509_raw(credential->key, key,
                                            GNUTLS_X509_FMT_PEM, NULL, 0);
    if (status < 0)
        return error_set(err, ERROR_INVALID, "tls_key %.100s has no key: %s",
                         tls->key, gnutls_strerror(status));
    if (!fits(credential))
        return error_set(err, ERROR_INVALID,
                         "tls_key %.100s is not that of tls_certificate %.100s",
                         tls->key, tls->certificate);
    return 0;
}

static struct credential *load(struct tls *tls, struct error *err)
{
    gnutls_datum_t certificate = {0}, key = {0};
    struct credential *credential = calloc(1, sizeof *credential);
    if (credential == NULL || gnutls_privkey_init(&credential->key) < 0)
        abort();
    credential->holders = 1;
    if (read_file(tls->certificate, false, &certificate, err) != 0 ||
        read_file(tls->key, true, &key, err) != 0 ||
        import(tls, credential, &certificate, &key, err) != 0) {
        tls_let_go(credential);
        credential = NULL;
    }
    forget(&certificate);
    forget(&key);
    return credential;
}

// Logs for how long the first certificate is valid.
static void announce(const struct credential *credential)
{
    gnutls_x509_crt_t certificate;
    if (gnutls_x509_crt_init(&certificate) < 0)
        abort();
    if (gnutls_x509_crt_import(certificate, &credential->chain[0].cert,
                               GNUTLS_X509_FMT_DER) >= 0) {
        int64_t left =
            gnutls_x509_crt_get_expiration_time(certificate) - time(NULL);
        log_event(left > 0 ? LOG_INFO : LOG_WARNING, "certificate read",
                  log_integer("days_left", left / DAY_S));
    }
    gnutls_x509_crt_deinit(certificate);
}

// ---- the pair of now --------------------------------------------------------

struct tls *tls_new(const char *certificate, const char *key, struct error *err)
{
    struct tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL)
        abort();
    pthread_mutex_init(&tls->lock, NULL);
    tls->certificate = certificate;
    tls->key = key;
    if (tls_reload(tls, err) == 0)
        return tls;
    tls_free(tls);
    return NULL;
}

void tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    tls_let_go(tls->current);
    pthread_mutex_destroy(&tls->lock);
    free(tls);
}

int tls_reload(struct tls *tls, struct error *err)
{
    struct credential *fresh = load(tls, err);
    if (fresh == NULL)
        return -1;
    announce(fresh);
    pthread_mutex_lock(&tls->lock);
    struct credential *old = tls->current;
    tls->current = fresh;
    pthread_mutex_unlock(&tls->lock);
    tls_let_go(old);
    return 0;
}

struct credential *tls_hold(struct tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    struct credential *credential = tls->current;
    credential->holders++;
    pthread_mutex_unlock(&tls->lock);
    return credential;
}

void tls_let_go(struct credential *credential)
{
    if (credential == NULL || --credential->holders > 0)
        return;
    for (unsigned i = 0; i < credential->n; i++)
        gnutls_pcert_deinit(&credential->chain[i]);
    gnutls_privkey_deinit(credential->key);
    free(credential);
}
