/* verdict/limits_around.h -- where the checks of what happened around and during a trial draw the
 * line, and where each line comes from: T2 ... T18 are the threats of shared/spec/validity.md. */
#pragma once

/* ---- memory (T13) ---- */

#define LEAK_PIECES       30 /* of the window, each with its least reading: below a collector's teeth */
#define LEAK_POINTS_MIN   20 /* a third of them, six, can still rise by more than chance (p .009) */
#define LEAK_POINTS_MAX   (2 * LEAK_PIECES) /* pieces are whole seconds: 59 s make 59 of them */
#define LEAK_P            0.01
#define LEAK_END_P        0.05            /* of the last third, which has a third of the points */
#define LEAK_GROWTH_BYTES (2.0 * 1048576) /* arenas of an allocator come and go in such sizes */
#define LEAK_GROWTH_SHARE 0.03
/* A logarithm log(1 + r/K) that began with the window has slopes of 1 : .78 : .63 from third to
 * third for K as large as all requests, and falls faster for smaller K. */
#define LEAK_SLOWER 0.85
/* A line has a half in each step. 200 series of AR(1) noise of .9, 20 to 60 points: 3 called leaks
 * at most with .3, 9 without. */
#define LEAK_EVEN 0.3
