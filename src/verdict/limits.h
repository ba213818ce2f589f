/* verdict/limits.h -- where the checks of what was asked and answered draw their lines, and why
 * there. Those of what happened around it: limits_around.h.
 *
 * spec: shared/spec/validity.md, section 1, by threat. Shares are of 1. */
#pragma once

#include "base/clock.h"

/* ---- load (T1, T3) ---- */

/* A Poisson timetable has rate x window requests, give or take their root. Chance alone is off by
 * five such roots once in two million trials; less than 1 % is too little to change a result. */
#define LOAD_POISSON_SIGMAS 5.0
/* Chance above this share of what is due leaves nothing to say of it: below 2500 requests. */
#define LOAD_CHANCE_MOST   0.1
#define LOAD_TIMETABLE_OFF 0.01

/* A send is late when it left so long after it was due although a connection was free: spec T1.1,
 * the larger of a time and a share of the median response time. The time is what waking a sleeper
 * may cost on a virtual machine. No more than 1 % may be late, which says the same as p99 of all
 * sends, and lets single wake-ups of a noisy machine pass. */
#define LOAD_LATE_WARN_NS     (50 * MICROSECOND_NS)
#define LOAD_LATE_FAIL_NS     (100 * MICROSECOND_NS)
#define LOAD_LATE_WARN_OF_P50 0.05
#define LOAD_LATE_FAIL_OF_P50 0.10
#define LOAD_LATE_SHARE       0.01

/* What was sent of what was due: spec T1.1. Below it the generator is to blame, unless at least
 * half of what it did not send had no free connection to go over: then the target was too slow, or
 * the pool too small. */
#define LOAD_UNSENT_WARN 0.001
#define LOAD_UNSENT_FAIL 0.01
#define LOAD_POOL_SHARE  0.5

/* Answers inside the window, of what was due in it: spec T1.1, achieved of offered. With fewer the
 * target did not keep up, and the rate was not its limit. */
#define LOAD_KEPT_UP 0.99

/* Gaps between sends of Poisson arrivals: spec T1, inter-arrival fidelity. The test alone rejects
 * harmless distortions of 1 % at 4096 gaps, hence the distance. A send that may be late by L goes
 * out together with all that became due meanwhile, which moves the distribution by up to L / mean
 * gap: that much more is let go, L being LOAD_LATE_FAIL_NS. Where sends waited for connections,
 * their gaps are the target's. */
#define LOAD_GAPS_MIN      200
#define LOAD_GAPS_DISTANCE 0.05
#define LOAD_GAPS_POOL     0.05

/* ---- generator (T1) ---- */

/* CPU of the busiest thread: spec T1.2. Over 90 % in more than 5 % of the seconds fails too; a
 * single second does not: in 10 s it would be 10 % of them. */
#define GENERATOR_BUSY_WARN        0.70
#define GENERATOR_BUSY_FAIL        0.90
#define GENERATOR_BUSY_SECONDS     0.05
#define GENERATOR_BUSY_SECONDS_MIN 2

/* Ready to run without a CPU: spec T1.3. Each wake-up counts as a wait even on a machine of our
 * own: 0 to 0.9 us each in the quiet hundredths of a second of `assay -c 1` and `-r 5000`
 * (/proc/self/task/TID/schedstat, 2 vCPU, Linux 6.18, 2026-11-21), so 1 us a wake-up is let go. */
#define GENERATOR_WAIT_WARN    0.01
#define GENERATOR_WAIT_FAIL    0.05
#define GENERATOR_WAKE_FREE_NS INT64_C(1000)

/* Little's law in a closed loop: the share of a connection's time that is not waiting for an
 * answer. spec T1.4. A window cuts one request of each connection at each end: with 100 of them
 * that is 1 %. */
#define GENERATOR_GAP_WARN   0.05
#define GENERATOR_GAP_FAIL   0.15
#define GENERATOR_GAP_CYCLES 100
/* Of the mean number of answers a connection. Servers that take connections in turn share out
 * better than this; those that serve some and leave the others waiting, far worse. */
#define GENERATOR_GAP_STARVED 0.5
#define GENERATOR_GAP_FAILED  0.001 /* of failed requests it is not known how long they took */

/* p99 of the loop against the median response time: spec T1.4. Not below the times of a late send:
 * with one connection at 50 us the loop needs a tenth of that for the one answer there is, and
 * nothing waits for it. */
#define GENERATOR_LOOP_WARN 0.10
#define GENERATOR_LOOP_FAIL 0.50

/* Share of the ceiling: spec T1.5. Above 0.8 it fails only where a thread was busy as well: with
 * few connections an empty server's rate is set by the way there and back, which is no fault of the
 * generator's; then it is a warning that the target's own part is small. */
#define GENERATOR_CEILING_WARN 0.50
#define GENERATOR_CEILING_FAIL 0.80

/* With a tenth more work for the generator: spec T1.6. A generator that is all there is loses a
 * tenth of 1.1, 9 %; from 5 % on it limits. To say that it does not, the noise must be so small
 * that half of these 5 % would have shown; 1 % is nothing, however quiet the machine is. That it
 * does was said of 2.3 % of 3000 simulated proofs with nothing in them at most (drives that scatter
 * by 5 %), and with noise of 5 % let through of 4.4 %. */
#define PROVE_LIMITING       (-0.05)
#define PROVE_LIMITING_NOISE 0.04
#define PROVE_NOTHING        0.01
#define PROVE_NOTHING_NOISE  0.025

/* Bytes a request at twice the rate, over those at the rate: spec T13. */
#define PROVE_LEAK_ALIKE 0.30

/* ---- limiter (T1.7) ---- */

/* The spec says 95 %. Of a 10 s window on a virtual machine with 5 % of steal a server that never
 * sleeps gets 95 % at most, and its CPU time is read up to 0.1 s beside the window's ends (1 % each
 * of 10 s): 90 %. */
#define LIMITER_BUSY 0.90

/* With fewer connections than this for each CPU of the server, that they all wait for answers
 * explains the rate; with more there is always work queued, unless it waits for something else.
 * mutilate's advice is about 100 a server thread (spec, section 0). */
#define LIMITER_CONNECTIONS_PER_CPU 100

/* ---- answers (T11) ---- */

#define ANSWERS_FAILED_FAIL 0.001

/* ---- samples (T6, T7) ---- */

#define SAMPLES_HALF_WIDTH 0.25 /* of p99's interval: spec T7 */

/* ---- parity (T11, T12) ---- */

/* Bodies of answers to one workload may differ by how a value is written, or by a full stop; by
 * more than both of these it is other work. */
#define PARITY_BODY_BYTES 64
#define PARITY_BODY_SHARE 0.10

/* Connections that a target closes, for each request. A new one costs about as much as a few
 * answers of a light server: one every 200 requests is some percent of all the work, more than the
 * noise floor; one every 10,000 is nothing. */
#define PARITY_CLOSE_FAIL 0.005
#define PARITY_CLOSE_WARN 0.0001
