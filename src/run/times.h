/* run/times.h -- how long each trial took the last time, for the estimate of the next run.
 *
 * How long a server needs to start, how many requests a second a load by count meets: nobody knows
 * before the first run on a machine, and afterwards this file does. It lies in the cache, one a
 * suite; nothing but an estimate depends on it. So what cannot be read is as good as not there, and
 * what cannot be written is let go. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/bytes.h"

/* A start of one variant with one workload and load. `guess_ns` is what is planned for it: a time
 * that was taken with another preset is no answer. */
struct times_key {
    struct slice variant, workload, load;
    int64_t guess_ns;
};

json_t *times_read(const char *path); /* to be released with json_decref(); never NULL */

int64_t times_of(const json_t *times, const struct times_key *key); /* -1: not known */
void times_note(json_t *times, const struct times_key *key, int64_t took_ns);

/* Together with what is in the file by now: another run of the suite may have written it. */
void times_write(json_t *times, const char *path);
