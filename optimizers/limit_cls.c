// SPDX-License-Identifier: GPL-3.0-or-later
// limit_cls.c - CLs at one signal strength, and how well toys know it

#include "limit_cls.h"

#include <assert.h>
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_psi.h>

#include "normal.h"

// The x where a beta distribution reaches p.
static double beta_quantile(double p, double a, double b)
{
    double low = 0, high = 1;
    while (high - low > 1e-12 * high) {
        double middle = 0.5 * (low + high);
        if (middle == low || middle == high)
            break;
        if (gsl_cdf_beta_P(middle, a, b) < p)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

void limit_cls_interval(double k, double n, double *low, double *high)
{
    assert(0 <= k && k <= n);
    *low = k > 0 ? beta_quantile(normal_cdf(-1), k, n - k + 1) : 0;
    *high = k < n ? beta_quantile(normal_cdf(1), k + 1, n - k) : 1;
}

static double log_mean(double k, double n)
{
    return gsl_sf_psi(k + 0.5) - gsl_sf_psi(n + 1);
}

static double log_variance(double k, double n)
{
    return gsl_sf_psi_1(k + 0.5) - gsl_sf_psi_1(n + 1);
}

// Of k / n, by propagation of errors; k > 0.
static double relative_variance(double k, double n)
{
    return (1 - k / n) / k;
}

struct limit_cls limit_cls_sb(const struct limit_counts *c)
{
    assert(0 <= c->k_sb && c->k_sb <= c->n_sb);
    struct limit_cls cls = {
        .status = c->n_sb > 0 ? LIMIT_CLS_OK : LIMIT_CLS_NO_TOYS,
        .sb = c->n_sb > 0 ? c->k_sb / c->n_sb : 0,
        .b = c->n_b > 0 ? c->k_b / c->n_b : 0,
        .log_mean = log_mean(c->k_sb, c->n_sb),
        .log_sd = sqrt(log_variance(c->k_sb, c->n_sb)),
    };
    cls.cls = c->n_sb > 0 ? cls.sb : exp(cls.log_mean);
    cls.low = exp(cls.log_mean - cls.log_sd);
    cls.high = exp(cls.log_mean + cls.log_sd);
    if (c->k_sb > 0)
        cls.wald = cls.cls * sqrt(relative_variance(c->k_sb, c->n_sb));
    return cls;
}

struct limit_cls limit_cls(const struct limit_counts *c)
{
    assert(0 <= c->k_b && c->k_b <= c->n_b);
    struct limit_cls cls = limit_cls_sb(c);
    cls.log_mean -= log_mean(c->k_b, c->n_b);
    cls.log_sd =
        sqrt(log_variance(c->k_sb, c->n_sb) + log_variance(c->k_b, c->n_b));
    cls.low = exp(cls.log_mean - cls.log_sd);
    cls.high = exp(cls.log_mean + cls.log_sd);
    cls.wald = 0;
    if (c->n_sb <= 0 || c->n_b <= 0)
        cls.status = LIMIT_CLS_NO_TOYS;
    else if (c->k_b <= 0)
        cls.status = LIMIT_CLS_CLB_ZERO;
    if (cls.status != LIMIT_CLS_OK) {
        cls.cls = exp(cls.log_mean);
        return cls;
    }
    cls.cls = cls.sb / cls.b;
    if (c->k_sb > 0)
        cls.wald = cls.cls * sqrt(relative_variance(c->k_sb, c->n_sb) +
                                  relative_variance(c->k_b, c->n_b));
    return cls;
}

double limit_cls_below(const struct limit_cls *cls, double alpha)
{
    assert(alpha > 0);
    return normal_cdf((log(alpha) - cls->log_mean) / cls->log_sd);
}
