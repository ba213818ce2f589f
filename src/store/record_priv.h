/* store/record_priv.h -- the parts of a trial's document that have a file of their own: what
 * record_json.c writes and record_read.c reads of them.
 *
 * Writers return a new reference, NULL when memory ran out. Readers take a key that is not there
 * for null, and null for unknown: records are read that were written before it was thought of. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "store/json_get.h"
#include "store/json_put.h"
#include "store/record.h"

/* ---- second by second, tenth by tenth (series_json.c, series_read.c) ---- */

json_t *series_json(const struct trial_record *t);
json_t *tenths_json(const struct tally *tally);
void series_get(const struct json_get *g, struct trial_record *t);
void tenths_get(const struct json_get *g, struct trial_record *t);

/* What both take in an arena, beside the texts. */
size_t series_room(const json_t *document);

/* "131:12 132:40": bucket:count of those that are not empty. One string, because an array of pairs
 * takes thousands of lines in an indented document. */
json_t *buckets_json(const struct tally_second *second);
void buckets_get(const struct json_get *g, const char *key, struct tally_second *second);

/* "1000 998 1004": the gaps between sends. */
json_t *gaps_json(const struct tally *tally);
void gaps_get(const struct json_get *g, const char *key, struct tally *tally);

/* ---- what was seen around the requests (evidence_json.c) ---- */

/* The generator's loop and its threads, into `client`. */
void generator_put(struct json_put *client, const struct trial_record *t);
void generator_get(const struct json_get *client, struct trial_record *t);

/* The server's threads, into `server`. */
void threads_put(struct json_put *server, const struct server_usage *usage);
void threads_get(const struct json_get *server, struct server_usage *usage);

/* Right answers by connection, or by worker. */
json_t *shares_json(const struct tally_shares *shares);
struct tally_shares shares_get(const struct json_get *g, const char *key);

json_t *machine_json(const struct machine_change *machine);
struct machine_change machine_get(const struct json_get *g, const char *key);
json_t *hiccup_json(const struct hiccup_found *hiccup);
struct hiccup_found hiccup_get(const struct json_get *g, const char *key);

/* ---- what was proved (proof_json.c) ---- */

json_t *proof_json(const struct proof *proof);
struct proof proof_get(const struct json_get *g, const char *key);

/* ---- the verdict (verdict_json.c) ---- */

/* `overall` is written for those who read; it follows from the checks, and is not read back. */
json_t *verdict_json(const struct verdict *verdict);
void verdict_get(const struct json_get *g, const char *key, struct verdict *verdict);
