/* audit/scan_priv.h -- takes printed lines apart. Each function moves on behind what it has taken,
 * and leaves the slice alone when it takes nothing. */
#pragma once

#include "audit/result.h"
#include "base/bytes.h"

/* The next line without its end and the blanks around it; false at the end of the text. */
bool scan_line(struct slice *text, struct slice *ret_line);

/* Behind the prefix, and the blanks in front of it. */
bool scan_after(struct slice *at, const char *prefix);
/* Behind the first place where the needle is. */
bool scan_find(struct slice *at, const char *needle);
bool scan_holds(struct slice text, const char *needle);

/* Cut where it is too long. */
void name_copy(char ret_name[AUDIT_NAME_MAX], struct slice name);

/* Up to the next blank; empty at the end. */
struct slice scan_word(struct slice *at);

/* Of "... http://host:80/path ..."; "/" where the URL has none. False without a URL. */
bool scan_path(struct slice line, struct slice *ret_path);

/* "8917.30", no sign: its last digit says how finely it was printed. */
bool scan_number(struct slice *at, struct figure *ret);
/* A whole number, which is exact. */
bool scan_count(struct slice *at, struct figure *ret);
/* "3.58ms", "1.27m", "0.0004 secs", into nanoseconds; without a unit: `unit_ns`, or nothing where
 * that is 0. */
bool scan_time(struct slice *at, double unit_ns, struct figure *ret);
/* "45.82MB", "49.44 MiB", "959420 bytes": K, M and G are powers of 1024 for all of these tools. */
bool scan_bytes(struct slice *at, struct figure *ret);

/* "50%  99.00us", "50.00% in 0.0011 secs": adds a percentile. */
bool scan_percentile(struct slice line, double unit_ns, struct audit_result *r);
void add_percentile(struct audit_result *r, double percent, struct figure ns);

/* "10000 total, 10000 started, 10000 done, 8652 succeeded, ...", of h2load and weighttp. */
void scan_requests(struct slice rest, struct audit_result *r);
/* "8652 2xx, 0 3xx, 0 4xx, 1348 5xx", of the same two. */
void scan_statuses(struct slice rest, struct audit_result *r);

/* Counts what is known. */
void figure_add(struct figure *sum, struct figure more);
struct figure figure_scaled(struct figure f, double factor);
#define FIGURE_UNKNOWN  ((struct figure){ FIGURE_NONE, 0 })
#define FIGURE_COUNT(n) ((struct figure){ (double)(n), 0 })
