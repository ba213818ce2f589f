/* stats/steady.h -- does a series of windows (throughput, a percentile) stay what it is?
 *
 * Pure. Values in order of time, one a window, all finite. Sources: MSER: White 1997, Spratt 1998;
 * KPSS: Kwiatkowski, Phillips, Schmidt and Shin 1992, lags after Hobijn, Franses and Ooms 1998;
 * ADF: Said and Dickey 1984, critical values MacKinnon 2010. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct mser {
    size_t discard; /* values at the beginning that are not steady yet */
    double value;   /* the rule's own figure for it: squared standard error of what remains */
    bool known;     /* false: more than half would go, or there are too few: run longer */
};

/* MSER with batches of `batch` values (5: MSER-5). Cuts where the standard error of the mean of the
 * remaining batch means is smallest; the last five batches are never looked at, or the end of every
 * series would look steady. */
struct mser mser(const double *values, size_t n, size_t batch);

enum detrend { DETREND_MEAN, DETREND_LINE };

/* KPSS: large values speak against stationarity (around a mean, or around a line). `lags` is below
 * n. A constant series is 0. n at least 3. */
double kpss(const double *values, size_t n, enum detrend detrend, size_t lags);
size_t kpss_lags(const double *values, size_t n, enum detrend detrend);
#define KPSS_MEAN_5_PERCENT 0.463
#define KPSS_MEAN_1_PERCENT 0.739

/* ADF's t: below the critical value a unit root (a random walk) is rejected. NaN when there are too
 * few values for so many lags (at least lags + 8 are needed), or none of them differs. */
#define ADF_LAGS_MAX 16
double adf(const double *values, size_t n, enum detrend detrend, size_t lags);
double adf_critical_5_percent(size_t n); /* with a mean */
double adf_critical_1_percent(size_t n);
