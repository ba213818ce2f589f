/* report/percentiles.h -- which percentiles are shown: those that were asked for, else those that
 * each table has. Only for people: documents hold the same ones always, and the histogram. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

/* A row of eight, with minimum, maximum and mean, is as wide as a screen. */
#define PERCENTILES_MAX 8

struct percentiles {
    size_t count;
    struct {
        double q;      /* 0.99 */
        char name[16]; /* "p99" */
    } list[PERCENTILES_MAX];
};

/* "50,99,99.9", with blanks, a p before or a % behind as people write them; in any order, and put
 * in order. */
bool percentiles_parse(struct slice text, struct percentiles *ret_percentiles, struct error *err);

/* Those of a result, as in store/samples.h, and those of a trial's line. */
extern const struct percentiles PERCENTILES_OF_RESULT, PERCENTILES_OF_LINE;
