// SPDX-License-Identifier: GPL-3.0-or-later
// wire_limit_answer.c - the JSON of what the toys of a limit study say
//
// What is not known is null, and a status says why.

#include <math.h>

#include "kind_limit.h"
#include "wire_limit.h"

// A number, or null where there is none.
static void key_if(struct text *text, const char *key, bool known, double value)
{
    text_key_real(text, key, known ? value : NAN);
}

static void key_count(struct text *text, const char *key, uint64_t count)
{
    text_key_int(text, key, (int64_t)count);
}

// ---- the whole study --------------------------------------------------------

static void write_terms(struct text *text, const struct limit_terms *terms)
{
    text_key_string(text, "poi", terms->poi);
    text_key_real(text, "cl", terms->cl);
    text_key_string(text, "rule", terms->plan.reading.sb_only ? "CLsb" : "CLs");
    text_key_string(text, "test_stat", limit_statistic_names[terms->statistic]);
    text_key_string(text, "tail", terms->left ? "left" : "right");
    text_key_string(text, "quantiles",
                    terms->plan.reading.quantiles == LIMIT_CMS ? "cms"
                                                               : "sigma");
    text_key_string(text, "expected", terms->prefit ? "prefit" : "postfit");
    text_key_string(text, "toy_mode", terms->hybrid ? "hybrid" : "frequentist");
}

static void write_status(struct text *text, const struct live *live,
                         const struct limit_study *study)
{
    const struct live_limit *limit = live->limit;
    char detail[BUDGET_DETAIL] = "";
    const char *word = kind_limit_done(live, detail);
    double thrown =
        (double)limit->toys[0] + (double)limit->toys[1] + (double)limit->failed;
    double each = thrown > 0 ? limit->seconds / thrown : 0;
    double toys = ceil(study->forecast);
    text_key_string(text, "status", word ? word : "running");
    text_key_string(text, "detail", word ? detail : NULL);
    text_key(text, "forecast");
    text_char(text, '{');
    key_if(text, "toys", study->has_forecast, toys);
    key_if(text, "seconds", study->has_forecast && each > 0, toys * each);
    text_char(text, '}');
}

static void write_totals(struct text *text, const struct live *live,
                         const struct live_limit_out *out)
{
    const struct live_limit *limit = live->limit;
    text_key(text, "toys");
    text_char(text, '{');
    key_count(text, "sb", limit->toys[0]);
    key_count(text, "b", limit->toys[1]);
    key_count(text, "failed", limit->failed);
    key_count(text, "negative", limit->negative);
    key_count(text, "running", out->total);
    text_key_real(text, "seconds", limit->seconds);
    text_char(text, '}');
}

// ---- failures ---------------------------------------------------------------

static double fraction_of(uint64_t failed, uint64_t good)
{
    return failed ? (double)failed / ((double)failed + (double)good) : 0;
}

static bool is_flagged(const struct live *live, uint64_t failed, uint64_t good)
{
    return fraction_of(failed, good) >
           live->definition->limit->max_failure_fraction;
}

static void write_failures(struct text *text, const struct live *live)
{
    const struct live_limit *limit = live->limit;
    uint64_t good = limit->toys[0] + limit->toys[1];
    bool flagged = is_flagged(live, limit->failed, good);
    for (size_t i = 0; i < limit->n_places; i++)
        flagged |=
            is_flagged(live, limit->places[i].failed, limit->places[i].toys);
    text_key(text, "failures");
    text_char(text, '{');
    text_key_real(text, "fraction", fraction_of(limit->failed, good));
    text_key_bool(text, "flagged", flagged);
    text_key(text, "sites");
    text_char(text, '[');
    for (size_t i = 0; i < limit->n_places; i++) {
        const struct live_limit_place *place = &limit->places[i];
        text_next(text);
        text_char(text, '{');
        text_key_string(text, "site", place->name);
        key_count(text, "toys", place->toys);
        key_count(text, "failed", place->failed);
        key_count(text, "negative", place->negative);
        text_key_bool(text, "flagged",
                      is_flagged(live, place->failed, place->toys));
        text_char(text, '}');
    }
    text_add(text, "]}");
}

// ---- curves -----------------------------------------------------------------

static const char *const curve_statuses[] = {
    [LIMIT_OK] = "ok",
    [LIMIT_INSUFFICIENT] = "insufficient",
    [LIMIT_CLB_ZERO] = "clb_zero",
    [LIMIT_NO_CROSSING_HIGH] = "no_crossing_high",
    [LIMIT_NO_CROSSING_LOW] = "no_crossing_low",
    [LIMIT_MULTIPLE] = "multiple_crossings",
    [LIMIT_EXTRAPOLATED] = "extrapolated",
};

static void write_curve(struct text *text, const char *name,
                        const struct limit_estimate *estimate)
{
    const struct limit *limit = &estimate->curve.limit;
    bool found = limit_found(limit);
    text_next(text);
    text_char(text, '{');
    text_key_string(text, "name", name);
    text_key_string(text, "status",
                    estimate->inconsistent ? "inconsistent_qobs"
                                           : curve_statuses[limit->status]);
    key_if(text, "limit", found, limit->mu);
    key_if(text, "error", found, limit->error);
    key_if(text, "interpolation", found, limit->interpolation);
    key_if(text, "total_error", found, estimate->total_error);
    text_key_bool(text, "precise", estimate->precise);
    key_if(text, "linear", estimate->has_linear, estimate->linear);
    key_if(text, "asymptotic", estimate->has_asymptotic, estimate->asymptotic);
    text_char(text, '}');
}

void wire_limit_curves(struct text *text, const struct live *live)
{
    const struct limit_study *study = live_limit_look(live);
    text_char(text, '[');
    for (unsigned c = 0; c < LIMIT_CURVES; c++)
        if (study->curve[c].wanted)
            write_curve(text, limit_curve_names[c], &study->curve[c]);
    text_char(text, ']');
}

// ---- points -----------------------------------------------------------------

static const char *const point_statuses[] = {
    [LIMIT_SITE_OK] = "ok",
    [LIMIT_SITE_NO_DATA] = "no_data",
    [LIMIT_SITE_INCONSISTENT] = "inconsistent_qobs",
    [LIMIT_SITE_NO_TOYS] = "no_toys",
    [LIMIT_SITE_CLB_ZERO] = "clb_zero",
};

static void write_proportion(struct text *text, const char *key,
                             const struct limit_proportion *proportion)
{
    text_key(text, key);
    text_char(text, '{');
    text_key_real(text, "p", proportion->p);
    text_key_real(text, "low", proportion->low);
    text_key_real(text, "high", proportion->high);
    text_char(text, '}');
}

static void write_cls(struct text *text, const struct limit_summary *point)
{
    const struct limit_cls *cls = &point->data;
    bool known = point->observed && cls->status == LIMIT_CLS_OK;
    text_key(text, "cls");
    text_char(text, '{');
    key_if(text, "value", known, cls->cls);
    text_key_real(text, "low", point->observed ? cls->low : 0);
    text_key_real(text, "high", point->observed ? cls->high : 1);
    key_if(text, "wald", known && cls->wald > 0, cls->wald);
    text_char(text, '}');
}

static void write_band(struct text *text, const struct limit_summary *point,
                       bool sb_only)
{
    bool known = point->band[0].share > 0;
    text_key(text, "expected");
    text_add(text, known ? "[" : "null");
    for (unsigned i = 0; known && i < LIMIT_BAND; i++) {
        const struct limit_cls *expected = &point->expected[i];
        text_next(text);
        text_char(text, '{');
        text_key_real(text, "cls",
                      sb_only ? expected->cls : point->band[i].cls);
        text_key_real(text, "low", expected->low);
        text_key_real(text, "high", expected->high);
        text_char(text, '}');
    }
    if (known)
        text_char(text, ']');
}

static void write_asymptotic(struct text *text,
                             const struct limit_summary *point)
{
    text_key(text, "asymptotic");
    if (!point->has_asymptotic) {
        text_add(text, "null");
        return;
    }
    text_char(text, '{');
    key_if(text, "obs", point->observed, point->asymptotic_data);
    text_key(text, "expected");
    text_char(text, '[');
    for (unsigned i = 0; i < LIMIT_BAND; i++) {
        text_next(text);
        text_real(text, point->asymptotic[i]);
    }
    text_add(text, "]}");
}

// Who told what of the data, where they disagree.
static void write_sources(struct text *text, const struct live_limit_site *site)
{
    text_key(text, "sites");
    text_char(text, '[');
    for (size_t i = 0; i < site->n_data; i++) {
        text_next(text);
        text_char(text, '{');
        text_key_string(text, "site", site->data[i].place);
        text_key_real(text, "q", site->data[i].q);
        text_char(text, '}');
    }
    text_char(text, ']');
}

static void write_point(struct text *text, const struct live *live, size_t i,
                        const struct live_limit_out *out)
{
    const struct live_limit_site *site = &live->limit->sites[i];
    const struct limit_summary *point = &site->summary;
    text_next(text);
    text_char(text, '{');
    text_key_real(text, "mu", point->mu);
    text_key_string(text, "status", point_statuses[point->status]);
    key_if(text, "q", point->observed, point->q);
    text_key_real(text, "q_asimov", point->q_asimov);
    text_key_real(text, "muhat", point->muhat);
    key_count(text, "n_sb", site->sb.total);
    key_count(text, "k_sb", point->observed ? site->sb.reached : 0);
    key_count(text, "n_b", site->b.total);
    key_count(text, "k_b", point->observed ? site->b.reached : 0);
    key_count(text, "failed", site->sb.failed + site->b.failed);
    key_count(text, "running_sb", out->toys[0][i]);
    key_count(text, "running_b", out->toys[1][i]);
    write_proportion(text, "sb", &point->sb);
    write_proportion(text, "b", &point->b);
    write_cls(text, point);
    write_band(text, point, live->definition->limit->plan.reading.sb_only);
    write_asymptotic(text, point);
    if (point->inconsistent)
        write_sources(text, site);
    text_char(text, '}');
}

void wire_limit_answer(struct text *text, const struct live *live)
{
    const struct limit_study *study = live_limit_look(live);
    struct live_limit_out out = live_limit_out(live, text->arena);
    text_char(text, '{');
    text_key_string(text, "study_id", live->key);
    text_key_int(text, "revision", live->progress.revision);
    write_terms(text, live->definition->limit);
    write_status(text, live, study);
    write_totals(text, live, &out);
    write_failures(text, live);
    text_key(text, "curves");
    wire_limit_curves(text, live);
    text_key(text, "points");
    text_char(text, '[');
    for (size_t i = 0; i < study->n; i++)
        write_point(text, live, i, &out);
    text_add(text, "]}");
}

// ---- histograms -------------------------------------------------------------

static const double SHOWN = 0.995; // of the toys, and the rest is overflow

// The value below which this share of the toys is.
static double quantile(const struct limit_toys *toys, double share)
{
    double below = 0;
    for (size_t i = 0; i < toys->cells; i++) {
        below += (double)toys->count[i];
        if (below >= share * (double)toys->total)
            return toys->value[i];
    }
    return -INFINITY;
}

struct range {
    double low, high;
    size_t bins;
};

static struct range range_of(const struct live_limit_site *site, size_t bins)
{
    const struct limit_toys *both[] = {&site->sb, &site->b};
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < 2; i++) {
        if (both[i]->cells)
            low = fmin(low, both[i]->value[0]);
        high = fmax(high, quantile(both[i], SHOWN));
    }
    if (site->observed) {
        low = fmin(low, site->q);
        high = fmax(high, site->q + 0.05 * fabs(site->q));
    }
    if (!isfinite(low))
        low = high = 0;
    double width = high - low;
    return (struct range){low, low + (width > 0 ? width * 1.001 : 1), bins};
}

static double edge(const struct range *range, size_t i)
{
    return range->low +
           (range->high - range->low) * (double)i / (double)range->bins;
}

static void write_bins(struct text *text, const char *key,
                       const struct limit_toys *toys, const struct range *range)
{
    uint64_t *bins = arena_zeros(text->arena, range->bins + 1, sizeof *bins);
    double scale = (double)range->bins / (range->high - range->low);
    for (size_t i = 0; i < toys->cells; i++) {
        double place = (toys->value[i] - range->low) * scale;
        size_t bin =
            place < (double)range->bins ? (size_t)fmax(place, 0) : range->bins;
        bins[bin] += toys->count[i];
    }
    text_key(text, key);
    text_add(text, "{\"counts\":[");
    for (size_t i = 0; i < range->bins; i++) {
        text_next(text);
        text_int(text, (int64_t)bins[i]);
    }
    text_char(text, ']');
    key_count(text, "overflow", bins[range->bins]);
    key_count(text, "total", toys->total);
    key_count(text, "failed", toys->failed);
    text_char(text, '}');
}

void wire_limit_histogram(struct text *text, const struct live_limit_site *site,
                          size_t bins)
{
    struct range range = range_of(site, bins);
    text_char(text, '{');
    text_key_real(text, "mu", site->mu);
    key_if(text, "q", site->observed, site->q);
    text_key(text, "edges");
    text_char(text, '[');
    for (size_t i = 0; i <= bins; i++) {
        text_next(text);
        text_real(text, edge(&range, i));
    }
    text_char(text, ']');
    write_bins(text, "sb", &site->sb, &range);
    write_bins(text, "b", &site->b, &range);
    text_char(text, '}');
}
