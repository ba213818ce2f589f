/* verdict/limits_around.h -- where the checks of what happened around and during a trial draw the
 * line, and where each line comes from: T2 ... T18 are the threats of shared/spec/validity.md. */
#pragma once

/* ---- memory (T13) ---- */

#define LEAK_PIECES       30 /* of the window, each with its least reading: below a collector's teeth */
#define LEAK_POINTS_MIN   20 /* a third of them, six, can still rise by more than chance (p .009) */
#define LEAK_POINTS_MAX   (2ul * LEAK_PIECES) /* pieces are whole seconds: 59 s make 59 of them */
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

/* ---- steady (T4, T5) ---- */

#define STEADY_TENTHS_MIN   60 /* 12 batches of MSER-5, of which it looks at the first seven */
#define STEADY_BATCH        5
#define STEADY_SECONDS_MIN  30
#define STEADY_WINDOWS_MAX  120 /* longer runs have longer windows: E-divisive is quadratic */
#define STEADY_SEGMENT_MIN  5
#define STEADY_CHANGE_ALPHA 0.01
#define STEADY_PERMUTATIONS 199
/* A change that counts: 5 %, and three standard deviations of the windows around the level of their
 * segment (4.45 median deviations). With three median deviations noise that remembers was called
 * unsteady too often: AR(1) .9 from tenth to tenth, 10 %, 1000 series of 33 s: 123 against 32.
 * Response times have buckets of 3.1 % (load/tally.h), and lean on the machine: 10 %. */
#define STEADY_CHANGE_SHARE         0.05
#define STEADY_CHANGE_LATENCY_SHARE 0.10
#define STEADY_CHANGE_DEVIATIONS    4.45
/* Up and down between neighbours of five windows. With .15 and one direction, four in ten of the
 * series above were called unsteady. */
#define STEADY_SWING_SHARE        0.25
#define STEADY_DRIFT_P            0.005 /* with the change points' .01: 2 % of false alarms in all */
#define STEADY_DRIFT_WARN         0.02
#define STEADY_DRIFT_FAIL         0.05
#define STEADY_DRIFT_LATENCY_WARN 0.10
#define STEADY_DRIFT_LATENCY_FAIL 0.25
#define STEADY_DRIFT_WINDOWS_MIN  20
/* What a warm-up inside the window makes of its mean. */
#define STEADY_BIAS_WARN 0.01
#define STEADY_BIAS_FAIL 0.05

/* ---- network (T2, T12, T16, T17) ---- */

#define NETWORK_RESENT_WARN      0.0001
#define NETWORK_RESENT_FAIL      0.001
#define NETWORK_RESENT_MIN       10 /* segments: fewer are a bad moment, not a bad network */
#define NETWORK_SQUEEZED_PER_SEC 1.0
/* Of the kernel's table of closed connections, which all programs share. Never worse than a
 * warning: when it is full the kernel forgets a connection at once, and no connect is slower for
 * it. Our own server with a connection a request, table empty and full in turn, six times 4 s
 * each: 20.7 k and 21.3 k answers per second, 20.5 and 20.4 us of its CPU each. validity, T16 has
 * it as a failure, which made every study with a connection a request invalid; ports that run out
 * are one here. */
#define NETWORK_TIME_WAIT_MOST 0.8
#define NETWORK_SOFTIRQ_WARN   0.8
#define NETWORK_LINK_WARN      0.7 /* of the card's speed, by its own count of bytes */
#define NETWORK_LINK_FAIL      0.9
/* A comb: this share of all answers at one of the waits that protocols are made of, within 10 %. */
#define COMB_SHARE  0.001
#define COMB_WITHIN 0.1
/* An acknowledgement is delayed by 40 ms and up to a tick of the kernel's (4 ms at 250 Hz, 10 ms at
 * 100), then both sides have to run: `--oracle twowrites`, where every answer waits, took 42.1 to
 * 55.8 ms, p90 48.0 ms (-c 10, 250 Hz, 2 busy vCPU, 2026-11-21). */
#define DELAYED_ACK_FROM_NS (36.0 * MILLISECOND_NS)
#define DELAYED_ACK_TO_NS   (54.0 * MILLISECOND_NS)

/* ---- machine (T8) ---- */

#define MACHINE_STEAL_WARN 0.01
#define MACHINE_STEAL_FAIL 0.05
/* Of a single second: in a window of ten this alone is the 1 % above, in one of a minute it still
 * has more than 1 % of the answers, and p99 with them. */
#define MACHINE_STEAL_WORST    0.10
#define MACHINE_SPAN_MIN_NS    (200 * MILLISECOND_NS) /* a tick of 10 ms is then 0.05 CPUs */
#define MACHINE_FOREIGN_WARN   0.03                   /* cores */
#define MACHINE_FOREIGN_FAIL   0.10
#define MACHINE_MEMORY_WARN    0.001
#define MACHINE_IO_WARN        0.01
#define MACHINE_FREQUENCY_WARN 0.95
/* Hiccups: how much later than usual (than the median) this machine wakes a sleeper. At p99.9, a
 * fifth of the reported p99.9 makes that figure partly the machine's: a warning, for throughput and
 * medians are not touched. It fails when one wake-up in a hundred comes so late: then the machine
 * is in the percentiles that people quote. Below a millisecond it never fails: an idle virtual CPU
 * needs as long to wake for a packet too, and every answer has paid for that already. */
#define MACHINE_HICCUP_WARN   0.2 /* of p99.9 */
#define MACHINE_HICCUP_FAIL   0.5 /* of p99 */
#define MACHINE_HICCUP_MIN_NS INT64_C(1000000)

/* ---- cores (T18) ---- */

#define CORES_WAIT_FAIL 0.05 /* of the time that the server's threads ran */
#define CORES_WAIT_MIN  0.01 /* of the window, too: who hardly runs waits much for that little */

/* ---- clock (T14) ---- */

#define CLOCK_STEP_WARN      0.01 /* of p50 */
#define CLOCK_STEP_FAIL      0.10
#define CLOCK_COARSE_NS      INT64_C(1000000)
#define CLOCK_JUMP_FAIL_NS   INT64_C(10000000)
#define CLOCK_DRIFT_WARN_PPM 200.0
#define CLOCK_WAKE_WARN      0.10 /* of p50, open loop */

/* ---- balance (T15) ---- */

#define BALANCE_JAIN_WARN 0.9
#define BALANCE_IDLE      0.2 /* of the mean: an idle worker */
/* Answers a connection: with fewer, a fair draw alone scatters below .9 of what is expected of it
 * (two connections, 20 each: one draw in a hundred). */
#define BALANCE_COUNT_MIN 20
/* With fewer, but this many at least, the shares' scatter around their mean (chi-squared) has to be
 * so many of its standard deviations above what a fair draw would give: a connection that is served
 * alone shows after some ten answers, chance does not in a million. */
#define BALANCE_FEW_MIN    2
#define BALANCE_FEW_SIGMAS 6.0
/* Of a core, all workers together: with less, none has had to share. */
#define BALANCE_BUSY_MIN 0.05
