/* report/number_priv.h -- figures as texts that live until the end of the caller's expression:
 * line_piece(&l, 3, STYLE_PLAIN, "p50 %s", number_duration(ns).text). */
#pragma once

#include <stdint.h>

struct number {
    char text[64];
};

struct number number_duration(double ns);      /* "1.21ms"; "–" for NaN */
struct number number_duration_fine(double ns); /* four digits: "1.344ms" */
struct number number_whole(uint64_t count);    /* "1,428,600" */
struct number number_rate(double per_sec);     /* "47,620"; below 1000 with its decimals, "4.52" */
struct number number_short(double count);      /* "47.6k" */
struct number number_bytes(double bytes);      /* "14.2 MiB" */
struct number number_percent(double share);    /* "84.3 %"; below 1 % "0.08 %", "<0.01 %" */
