/* load/stage.h -- the stages of a load, as people write them: "10s:400/s", "10000n:20c".
 *
 * HOW LONG ":" HOW MUCH. How long: a duration, or a count of requests with an n behind it. How
 * much: a rate with "/s" behind it (open loop), a number of connections with a "c" (closed loop),
 * or a share with a "%" (open loop, of what the target reaches in another load:
 * load_of_capacity()). In place of one number, "400..9000+1200/s" stands for 400/s, 1600/s, 2800/s,
 * ... as far as 9000/s. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

#define STAGES_MAX           256 /* of one load */
#define STAGE_REQUESTS_MAX   (UINT64_C(1) << 53)
#define STAGE_DURATION_HOURS 24

/* One stage. Exactly one of rate, connections and share is set, and one of duration and requests.
 */
struct load_stage {
    struct slice name; /* see stages_name() */
    double rate_per_sec;
    uint32_t connections;
    double share; /* of the target's capacity: 0.7; the rate is then not known yet */
    int64_t duration_ns;
    uint64_t requests;
};

struct stages {
    struct load_stage list[STAGES_MAX];
    size_t count;
};

/* Adds the stages that one such text stands for. All of a load are of one kind. False with what is
 * wrong, as "must ..., not '...'": whose text it is is for the caller to say in front of it. */
bool stages_add(struct stages *stages, struct slice text, struct error *err);

/* Several, separated by commas; the error begins with the number of the wrong one. */
bool stages_add_list(struct stages *stages, struct slice text, struct error *err);

/* A copy in the arena, each stage with its name: "400" for 400/s, "20c" for 20 connections,
 * "70%" for a share, "400#2" when it is the second of these; behind PREFIX and a slash, unless that
 * is empty. */
struct load_stage *stages_name(const struct stages *stages, struct slice prefix,
                               struct arena *arena);

/* Room that takes, with a prefix of at most 100 bytes. */
size_t stages_name_bytes(const struct stages *stages);
