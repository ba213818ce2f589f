/* tests/unit/doctor_test.c -- what is said of a machine, by facts that were made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "verdict/doctor.h"

/* Nothing to complain of. */
static struct fitness fit(void)
{
    struct fitness f = {
        .host = {.governor = "performance",
                 .clocksource = "tsc",
                 .somaxconn = 4096,
                 .port_low = 32768,
                 .port_high = 60999,
                 .load_1min = 0.01   },
        .cpus_allowed = 8,
        .memory_available_bytes = INT64_C(8) << 30,
        .files_soft = 1024,
        .files_hard = 1048576,
        .syn_backlog = 4096,
        .time_wait_reuse = 2,
        .tracked = -1,
        .tracked_max = -1,
        .hiccup = { .samples = 250,
                 .p50_ns = 5000,
                 .p99_ns = 60000,
                 .p999_ns = 90000,
                 .max_ns = 90000,
                 .clock_step_ns = 20,
                 .clock_jump_ns = 100 },
    };

    return f;
}

static struct finding_of_doctor finding(const struct fitness *f, const char *id)
{
    struct finding_of_doctor findings[DOCTOR_FINDINGS];
    size_t count = doctor_examine(f, findings);

    for (size_t i = 0; i < count; i++)
        if (strcmp(findings[i].id, id) == 0)
            return findings[i];
    fail_msg("no finding '%s'", id);
    return findings[0];
}

static void a_fit_machine_has_nothing_but_ok_and_no_remedies(void **state)
{
    struct fitness f = fit();
    struct finding_of_doctor findings[DOCTOR_FINDINGS];
    size_t count = doctor_examine(&f, findings);

    assert_int_equal(count, 14);
    for (size_t i = 0; i < count; i++)
        if (findings[i].state != CHECK_OK || findings[i].remedy[0] != '\0' ||
            findings[i].text[0] == '\0')
            fail_msg("%s: %s (%s)", findings[i].id, findings[i].text, findings[i].remedy);
    (void)state;
}

/* ---- one thing wrong ---- */

typedef void spoil(struct fitness *f);

#define SPOIL(name, what)               \
    static void name(struct fitness *f) \
    {                                   \
        what;                           \
    }
SPOIL(one_cpu, f->cpus_allowed = 1)
SPOIL(no_cpu_known, f->cpus_allowed = 0)
SPOIL(siblings, f->smt_active = 1)
SPOIL(powersave, snprintf(f->host.governor, sizeof(f->host.governor), "powersave"))
SPOIL(no_governor, f->host.governor[0] = '\0')
SPOIL(turbo_on, f->turbo = 1)
SPOIL(turbo_unknown, f->turbo = -1)
SPOIL(some_steal, f->steal_share = 0.02)
SPOIL(much_steal, f->steal_share = 0.087)
SPOIL(steal_unknown, f->steal_share = (double)NAN)
SPOIL(disk_busy, f->pressure_io = 0.05)
SPOIL(cpu_fought_for, f->pressure_cpu = 0.4)
SPOIL(no_pressure, f->pressure_cpu = f->pressure_memory = f->pressure_io = (double)NAN)
SPOIL(neighbour, f->busy_cores = 0.1; f->busiest_cores = 0.09; f->busiest_pid = 812;
      snprintf(f->busiest, sizeof(f->busiest), "apt-daily"))
SPOIL(busy, f->busy_cores = 1.5)
SPOIL(little_memory, f->memory_available_bytes = 100 << 20)
SPOIL(swapped, f->swap_used_bytes = INT64_C(2) << 30)
SPOIL(slow_clock, snprintf(f->host.clocksource, sizeof(f->host.clocksource), "hpet"))
SPOIL(coarse_clock, f->hiccup.clock_step_ns = 1000000)
SPOIL(jumping_clock, f->hiccup.clock_jump_ns = 40000000)
SPOIL(late_wakes, f->hiccup.p99_ns = 2000000)
SPOIL(very_late_wakes, f->hiccup.p99_ns = 25000000)
SPOIL(no_sleeper, f->hiccup = hiccup_unknown())
SPOIL(few_files, f->files_hard = 4096)
SPOIL(few_ports, f->host.port_low = 60900)
SPOIL(no_reuse, f->time_wait_reuse = 0)
SPOIL(short_backlog, f->host.somaxconn = 128)
SPOIL(followed, f->tracked = 12; f->tracked_max = 262144)
SPOIL(full_table, f->tracked = 200000; f->tracked_max = 262144)
SPOIL(no_io_uring, snprintf(f->io_uring, sizeof(f->io_uring), "Operation not permitted"))

static void each_fault_is_found_and_has_its_remedy(void **state)
{
    static const struct {
        spoil *spoil;
        const char *id;
        enum check_state state;
        const char *word, *remedy; /* in the texts */
    } cases[] = {
        {one_cpu,          "cores",     CHECK_FAIL,    "one CPU",            "two CPUs"         },
        { no_cpu_known,    "cores",     CHECK_UNKNOWN, "not tell",           ""                 },
        { siblings,        "cores",     CHECK_WARN,    "SMT",                "smt/control"      },
        { powersave,       "governor",  CHECK_WARN,    "powersave",          "cpupower"         },
        { no_governor,     "governor",  CHECK_UNKNOWN, "cpufreq",            ""                 },
        { turbo_on,        "turbo",     CHECK_WARN,    "on",                 "no_turbo"         },
        { turbo_unknown,   "turbo",     CHECK_UNKNOWN, "not tell",           ""                 },
        { some_steal,      "steal",     CHECK_WARN,    "2.0 %",              "interleaved"      },
        { much_steal,      "steal",     CHECK_FAIL,    "8.7 %",              "interleaved"      },
        { steal_unknown,   "steal",     CHECK_UNKNOWN, "nothing ran",        ""                 },
        { disk_busy,       "pressure",  CHECK_WARN,    "5.0 % for a disk",   "top"              },
        { cpu_fought_for,  "pressure",  CHECK_FAIL,    "40.0 % for a CPU",   "top"              },
        { no_pressure,     "pressure",  CHECK_UNKNOWN, "/proc/pressure",     "psi=1"            },
        { neighbour,       "load",      CHECK_WARN,    "apt-daily (pid 812", "ps -fp 812"       },
        { busy,            "load",      CHECK_FAIL,    "1.50 cores",         "wait"             },
        { little_memory,   "memory",    CHECK_WARN,    "100 MiB",            "end"              },
        { swapped,         "memory",    CHECK_WARN,    "swap",               "swapoff"          },
        { slow_clock,      "clock",     CHECK_WARN,    "hpet",               "tsc"              },
        { coarse_clock,    "clock",     CHECK_WARN,    "1000000 ns",         "tsc"              },
        { jumping_clock,   "clock",     CHECK_FAIL,    "40.0 ms",            "dmesg"            },
        { late_wakes,      "wake-up",   CHECK_WARN,    "too late",           "machine's"        },
        { very_late_wakes, "wake-up",   CHECK_FAIL,    "too late",           "machine's"        },
        { no_sleeper,      "wake-up",   CHECK_UNKNOWN, "could not",          ""                 },
        { few_files,       "files",     CHECK_WARN,    "4096",               "ulimit"           },
        { few_ports,       "ports",     CHECK_WARN,    "100 local ports",    "ip_local_port"    },
        { no_reuse,        "ports",     CHECK_WARN,    "470 connections",    "tcp_tw_reuse"     },
        { short_backlog,   "backlog",   CHECK_WARN,    "128",                "somaxconn=4096"   },
        { followed,        "conntrack", CHECK_WARN,    "loopback",           "NOTRACK"          },
        { full_table,      "conntrack", CHECK_FAIL,    "200000 of at most",  "nf_conntrack_max" },
        { no_io_uring,     "io_uring",  CHECK_WARN,    "not permitted",      "io_uring_disabled"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fitness f = fit();
        struct finding_of_doctor found;

        cases[i].spoil(&f);
        found = finding(&f, cases[i].id);
        if (found.state != cases[i].state || strstr(found.text, cases[i].word) == NULL ||
            strstr(found.remedy, cases[i].remedy) == NULL)
            fail_msg("case %zu, %s: %s '%s', remedy '%s'", i, cases[i].id,
                     check_state_name(found.state), found.text, found.remedy);
    }
    (void)state;
}

static void a_virtual_machine_is_not_blamed_for_what_its_host_decides(void **state)
{
    struct fitness f = fit();

    f.hypervisor = true;
    f.turbo = -1;
    f.host.governor[0] = '\0';
    assert_int_equal(finding(&f, "governor").state, CHECK_UNKNOWN);
    assert_int_equal(finding(&f, "turbo").state, CHECK_UNKNOWN);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fit_machine_has_nothing_but_ok_and_no_remedies),
        cmocka_unit_test(each_fault_is_found_and_has_its_remedy),
        cmocka_unit_test(a_virtual_machine_is_not_blamed_for_what_its_host_decides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
