// SPDX-License-Identifier: GPL-3.0-or-later
// wire_campaign.h - the JSON of campaigns and their segments

#ifndef CUMAE_WIRE_CAMPAIGN_H
#define CUMAE_WIRE_CAMPAIGN_H

#include "campaign.h"
#include "wire.h"

// The JSON that definitions are made from; it must last as long as the
// campaign is wanted.
struct campaign_source {
    const json_t *template, *segments;
};

// Reads a campaign (name, template, segments, axis, notes) into *wanted, with
// texts in the arena, and makes *source its context. Every definition is read
// once, so that a fault in one is found now: its error names the segment.
int wire_campaign_read(const json_t *body, struct arena *arena,
                       struct campaign_wanted *wanted,
                       struct campaign_source *source, struct error *err);

// The same for segments that are added to a campaign, whose name and template
// are in *wanted and *source.
int wire_segments_read(const json_t *body, struct arena *arena,
                       struct campaign_wanted *wanted,
                       struct campaign_source *source, struct error *err);

// Appends {"id":..., "segments":..., without its closing brace. Guests of
// campaigns do not exist, so all see the same.
void wire_campaign_open(struct text *text, const struct campaign_row *row);

// Appends a segment of the table of progress.
void wire_segment_write(struct text *text, const struct segment_row *row);

#endif
