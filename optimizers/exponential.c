// SPDX-License-Identifier: GPL-3.0-or-later
// exponential.c - sums of exponentials, several at a time
//
// e^x = 2^k e^r with k = round(x / ln 2) and |r| <= ln 2 / 2; e^r by its Taylor
// polynomial of degree 13, whose remainder is below 2e-17 there. ln 2 is
// subtracted in two parts (Cody and Waite), and k enters the exponent's bits
// directly: adding 1.5 2^52 rounds to an integer and leaves it in the low bits.
// The vectors are GCC's and clang's own extension; where the processor has none
// as wide, they are done in parts.

#include "exponential.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef double reals __attribute__((vector_size(32)));
typedef int64_t integers __attribute__((vector_size(32)));
// The same in an array of doubles, which is aligned for these only.
typedef double loose_reals
    __attribute__((vector_size(32), aligned(8), may_alias));

enum { WIDTH = 4 };

static const double lowest = -700; // e^-700 is still a normal number
static const double far = -40;     // e^-40 is a 50th of half a last bit

#define BROADCAST(x) ((reals){(x), (x), (x), (x)})
#define LOAD(p)      ((reals)(*(const loose_reals *)(p)))
// The larger of the two, lane by lane.
#define LARGER(a, b)                                                           \
    ((reals)(((integers)(a) & ((a) > (b))) | ((integers)(b) & ~((a) > (b)))))

// x becomes e^x, for x in [-700, 0]
static inline __attribute__((always_inline)) void exponentials(reals *x)
{
    reals shifted = *x * 1.4426950408889634074 + 0x1.8p52;
    reals k = shifted - 0x1.8p52;
    reals r =
        (*x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
    reals p = r * (1.0 / 6227020800) + 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1;
    p = p * r + 1;
    *x = (reals)((integers)p + ((integers)shifted << 52));
}

VECTOR_CLONES
double exponential_log_sum(const double *x, size_t n)
{
    reals a = LOAD(x), b = LOAD(x + WIDTH);
    for (size_t i = 2 * WIDTH; i < n; i += 2 * WIDTH) {
        reals more = LOAD(x + i), and_more = LOAD(x + i + WIDTH);
        a = LARGER(a, more);
        b = LARGER(b, and_more);
    }
    a = LARGER(a, b);
    double largest = a[0];
    for (size_t j = 1; j < WIDTH; j++)
        largest = a[j] > largest ? a[j] : largest;
    if (largest == -INFINITY)
        return largest;
    reals sum = {0}, other = {0};
    for (size_t i = 0; i < n; i += 2 * WIDTH) {
        a = LOAD(x + i) - largest;
        b = LOAD(x + i + WIDTH) - largest;
        integers near = (a > far) | (b > far);
        if (!(near[0] | near[1] | near[2] | near[3]))
            continue;
        a = LARGER(a, BROADCAST(lowest));
        b = LARGER(b, BROADCAST(lowest));
        exponentials(&a);
        exponentials(&b);
        sum += a;
        other += b;
    }
    sum += other;
    return largest + log((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

VECTOR_CLONES
void exponential_each(double *x, size_t n)
{
    for (size_t i = 0; i < n; i += WIDTH) {
        reals a = LOAD(x + i);
        a = LARGER(a, BROADCAST(lowest));
        exponentials(&a);
        *(loose_reals *)(x + i) = a;
    }
}
