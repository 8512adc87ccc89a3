// SPDX-License-Identifier: GPL-3.0-or-later
// pgbinary.c - values as PostgreSQL sends and takes them

#include "pgbinary.h"

#include <endian.h>

enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_TEXT = 25,
    OID_FLOAT8 = 701,
    OID_TEXT_ARRAY = 1009,
    OID_INT8_ARRAY = 1016,
    OID_FLOAT8_ARRAY = 1022,
    HEADER = 20,  // bytes before the first element of an array
    ELEMENT = 12, // bytes of an element of 8 bytes, with its size
};

static void put32(char **to, uint32_t value)
{
    value = htobe32(value);
    memcpy(*to, &value, sizeof value);
    *to += sizeof value;
}

static void put64(char **to, uint64_t value)
{
    value = htobe64(value);
    memcpy(*to, &value, sizeof value);
    *to += sizeof value;
}

// The binary form of an array: dimensions, has nulls, type of the elements,
// length, first index; then each element with its size.
static void put_header(char **to, unsigned type, size_t n)
{
    put32(to, n > 0 ? 1 : 0);
    put32(to, 0);
    put32(to, type);
    if (n > 0) {
        put32(to, (uint32_t)n);
        put32(to, 1);
    }
}

// float8[] or int8[]: elements of 8 bytes.
static const char *encode_array(struct arena *arena,
                                const struct db_value *value, int *bytes)
{
    char *start = arena_alloc(arena, HEADER + ELEMENT * value->n), *to = start;
    const char *from = value->bytes;
    put_header(&to, value->type == DB_INTS ? OID_INT8 : OID_FLOAT8, value->n);
    for (size_t i = 0; i < value->n; i++) {
        uint64_t bits;
        memcpy(&bits, from + i * sizeof bits, sizeof bits);
        put32(&to, sizeof bits);
        put64(&to, bits);
    }
    *bytes = (int)(to - start);
    return start;
}

static const char *encode_texts(struct arena *arena,
                                const struct db_value *value, int *bytes)
{
    const char *const *from = value->bytes;
    size_t total = HEADER;
    for (size_t i = 0; i < value->n; i++)
        total += 4 + strlen(from[i]);
    char *start = arena_alloc(arena, total), *to = start;
    put_header(&to, OID_TEXT, value->n);
    for (size_t i = 0; i < value->n; i++) {
        size_t n = strlen(from[i]);
        put32(&to, (uint32_t)n);
        memcpy(to, from[i], n);
        to += n;
    }
    *bytes = (int)(to - start);
    return start;
}

const char *pgbinary_encode(struct arena *arena, const struct db_value *value,
                            int *bytes)
{
    if (value->null)
        return NULL;
    if (value->type == DB_DOUBLES || value->type == DB_INTS)
        return encode_array(arena, value, bytes);
    if (value->type == DB_TEXTS)
        return encode_texts(arena, value, bytes);
    *bytes = (int)value->n;
    if (value->type == DB_TEXT || value->type == DB_BYTES)
        return value->n > 0 ? value->bytes : "";
    char *start = arena_alloc(arena, 8), *to = start;
    if (value->type == DB_FLAG) {
        *to++ = (char)(value->integer != 0);
    } else {
        uint64_t bits = (uint64_t)value->integer;
        if (value->type == DB_REAL)
            memcpy(&bits, &value->real, sizeof bits);
        put64(&to, bits);
    }
    *bytes = (int)(to - start);
    return start;
}

unsigned pgbinary_type(enum db_type type)
{
    switch (type) {
    case DB_INT:
        return OID_INT8;
    case DB_FLAG:
        return OID_BOOL;
    case DB_REAL:
        return OID_FLOAT8;
    case DB_TEXT:
        return OID_TEXT;
    case DB_BYTES:
        return OID_BYTEA;
    case DB_DOUBLES:
        return OID_FLOAT8_ARRAY;
    case DB_INTS:
        return OID_INT8_ARRAY;
    case DB_TEXTS:
        return OID_TEXT_ARRAY;
    }
    return 0;
}

static uint32_t get32(const char *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof value);
    return be32toh(value);
}

static uint64_t get64(const char *from)
{
    uint64_t value;
    memcpy(&value, from, sizeof value);
    return be64toh(value);
}

static double get_double(const char *from)
{
    uint64_t bits = get64(from);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

int64_t pgbinary_int(const char *from, size_t n)
{
    switch (n) {
    case 1:
        return *from != 0;
    case 2:
        return (int16_t)((unsigned char)from[0] << 8 | (unsigned char)from[1]);
    case 4:
        return (int32_t)get32(from);
    case 8:
        return (int64_t)get64(from);
    default:
        return 0;
    }
}

double pgbinary_double(const char *from, size_t n)
{
    return n == sizeof(double) ? get_double(from) : NAN;
}

const double *pgbinary_doubles(struct arena *arena, const char *from,
                               size_t bytes, size_t *n)
{
    *n = bytes < HEADER ? 0 : (bytes - HEADER) / ELEMENT;
    double *values = arena_doubles(arena, *n);
    for (size_t i = 0; i < *n; i++)
        values[i] = get_double(from + HEADER + i * ELEMENT + 4);
    return values;
}
