#include "probe/host.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "probe/files_priv.h"

static FILE *open_fact(const char *root, const char *path)
{
    char full[1024];

    snprintf(full, sizeof(full), "%s%s", root, path);
    return fopen(full, "re");
}

/* The first line of a file, without its end; left empty when there is none. */
static void read_line(const char *root, const char *path, char *ret_text, size_t size)
{
    FILE *file = open_fact(root, path);

    ret_text[0] = '\0';
    if (file == NULL)
        return;
    if (fgets(ret_text, (int)size, file) == NULL)
        ret_text[0] = '\0';
    ret_text[strcspn(ret_text, "\n")] = '\0';
    fclose(file);
}

/* What follows the separator on the first line that begins with `key`; quotes are taken off. */
static void read_value(const char *root, const char *path, const char *key, char separator,
                       char *ret_text, size_t size)
{
    FILE *file = open_fact(root, path);
    char line[1024];

    ret_text[0] = '\0';
    if (file == NULL)
        return;
    while (ret_text[0] == '\0' && fgets(line, sizeof(line), file) != NULL) {
        const char *at = strchr(line, separator);
        struct text value = { ret_text, 0, size, false };
        struct slice found;

        if (at == NULL || strncmp(line, key, strlen(key)) != 0)
            continue;
        line[strcspn(line, "\n")] = '\0';
        found = slice_trim(slice_of(at + 1));
        if (found.len >= 2 && found.ptr[0] == '"' && found.ptr[found.len - 1] == '"')
            found = (struct slice){ found.ptr + 1, found.len - 2 };
        text_add(&value, found);
    }
    fclose(file);
}

/* "0-3,8" has five. */
static uint32_t count_list(const char *list)
{
    uint32_t count = 0;

    while (*list != '\0') {
        char *end;
        unsigned long first = strtoul(list, &end, 10);
        unsigned long last = first;

        if (end == list)
            break;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        if (last >= first)
            count += (uint32_t)(last - first + 1);
        list = *end == ',' ? end + 1 : end;
    }
    return count;
}

static void read_kernel(const char *root, struct host *host)
{
    char release[HOST_TEXT_MAX];

    read_line(root, "/proc/sys/kernel/osrelease", release, sizeof(release));
    if (release[0] != '\0')
        snprintf(host->kernel, sizeof(host->kernel), "Linux %.*s", HOST_TEXT_MAX - 16, release);
}

static void read_load(const char *root, struct host *host)
{
    char line[HOST_TEXT_MAX];

    read_line(root, "/proc/loadavg", line, sizeof(line));
    host->load_1min = strtod(line, NULL);
}

static void read_ports(const char *root, struct host *host)
{
    char line[HOST_TEXT_MAX];
    char *end;

    read_line(root, "/proc/sys/net/ipv4/ip_local_port_range", line, sizeof(line));
    host->port_low = (uint32_t)strtoul(line, &end, 10);
    host->port_high = (uint32_t)strtoul(end, NULL, 10);
}

void host_read(const char *root, struct host *ret_host)
{
    struct host host = { 0 };
    char text[HOST_TEXT_MAX];
    int64_t backlog;

    read_line(root, "/proc/sys/kernel/hostname", host.hostname, sizeof(host.hostname));
    read_kernel(root, &host);
    read_value(root, "/etc/os-release", "PRETTY_NAME", '=', host.distro, sizeof(host.distro));
    read_value(root, "/proc/cpuinfo", "model name", ':', host.cpu, sizeof(host.cpu));
    read_line(root, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", host.governor,
              sizeof(host.governor));
    read_line(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource",
              host.clocksource, sizeof(host.clocksource));
    read_line(root, "/sys/devices/system/cpu/online", text, sizeof(text));
    host.cpus_online = count_list(text);
    read_value(root, "/proc/meminfo", "MemTotal", ':', text, sizeof(text));
    host.memory_bytes = strtoull(text, NULL, 10) * 1024;
    read_load(root, &host);
    backlog = files_number(root, "/proc/sys/net/core/somaxconn");
    host.somaxconn = backlog < 0 ? 0 : (uint32_t)backlog;
    read_ports(root, &host);
    *ret_host = host;
}

uint32_t host_cpus(uint32_t *ret_cpus, uint32_t max)
{
    cpu_set_t set;
    uint32_t count = 0;

    if (sched_getaffinity(0, sizeof(set), &set) < 0)
        return 0;
    for (uint32_t cpu = 0; cpu < CPU_SETSIZE && count < max; cpu++)
        if (CPU_ISSET(cpu, &set))
            ret_cpus[count++] = cpu;
    return count;
}

uint64_t host_cpu_bits(const char *list)
{
    uint64_t bits = 0;

    for (;;) {
        char *end;
        unsigned long first = strtoul(list, &end, 10);
        unsigned long last = first;

        if (end == list)
            return bits;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        for (unsigned long cpu = first; cpu <= last && cpu < 64; cpu++)
            bits |= UINT64_C(1) << cpu;
        if (*end != ',')
            return bits;
        list = end + 1;
    }
}

uint64_t host_cpus_allowed(void)
{
    cpu_set_t set;
    uint64_t bits = 0;

    if (sched_getaffinity(0, sizeof(set), &set) < 0)
        return 0;
    for (unsigned cpu = 0; cpu < 64; cpu++)
        if (CPU_ISSET(cpu, &set))
            bits |= UINT64_C(1) << cpu;
    return bits;
}

uint64_t host_with_siblings(const char *root, uint64_t cpus)
{
    uint64_t all = cpus;

    for (unsigned cpu = 0; cpu < 64; cpu++) {
        char path[80], list[HOST_TEXT_MAX];

        if ((cpus & UINT64_C(1) << cpu) == 0)
            continue;
        snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list",
                 cpu);
        read_line(root, path, list, sizeof(list));
        all |= host_cpu_bits(list);
    }
    return all;
}

const char *host_own_path(void)
{
    static char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (len < 0)
        return "assay";
    path[len] = '\0';
    return path;
}
