#include "report/comparison_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/units.h"
#include "verdict/parity.h"

#define NOTES_OF_A_CELL 6

/* "NAME a and b", where they differ. */
static void differ(struct text *into, const char *name, const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return;
    text_format(into, "%s%s %s and %s", into->len > 0 ? "; " : "", name,
                a[0] == '\0' ? "unknown" : a, b[0] == '\0' ? "unknown" : b);
}

static void differ_count(struct text *into, const char *name, uint64_t a, uint64_t b)
{
    char a_text[UNITS_TEXT_MAX], b_text[UNITS_TEXT_MAX];

    if (a != b)
        differ(into, name, units_whole(a, a_text), units_whole(b, b_text));
}

static void differ_time(struct text *into, const char *name, int64_t a_ns, int64_t b_ns)
{
    char a_text[UNITS_TEXT_MAX], b_text[UNITS_TEXT_MAX];

    if (a_ns != b_ns)
        differ(into, name, units_duration(a_ns, false, a_text),
               units_duration(b_ns, false, b_text));
}

static bool is_noted(const struct comparison *c, const struct comparison_note *note)
{
    for (size_t i = 0; i < c->note_count; i++)
        if (strcmp(c->notes[i].what, note->what) == 0 && strcmp(c->notes[i].text, note->text) == 0)
            return true;
    return false;
}

/* Many cells tend to say the same. */
static void add(struct comparison *c, const char *what, bool unknown, const char *text)
{
    struct comparison_note *note = &c->notes[c->note_count];

    if (text[0] == '\0')
        return;
    note->what = what;
    note->unknown = unknown;
    snprintf(note->text, sizeof(note->text), "%s", text);
    c->note_count += !is_noted(c, note);
}

/* ---- what may not be the same ---- */

static void note_machine(struct comparison *c)
{
    const struct host *a = &c->a.run->host, *b = &c->b.run->host;
    char room[COMPARISON_TEXT_MAX];
    struct text text = TEXT(room);

    if (c->same_run)
        return;
    if (c->a.single || c->b.single) {
        text_format(&text, "the file of a single trial (%s) does not say where it was measured",
                    c->a.single && c->b.single ? "A and B"
                    : c->a.single              ? "A"
                                               : "B");
        add(c, "machine", true, room);
        return;
    }
    differ(&text, "host", a->hostname, b->hostname);
    differ(&text, "CPU", a->cpu, b->cpu);
    differ_count(&text, "CPUs", a->cpus_online, b->cpus_online);
    differ_count(&text, "memory in MiB", a->memory_bytes >> 20, b->memory_bytes >> 20);
    differ(&text, "kernel", a->kernel, b->kernel);
    differ(&text, "governor", a->governor, b->governor);
    add(c, "machine", false, room);
}

static void list_cpus(struct text *into, const uint32_t *cpus, uint32_t count)
{
    if (count == 0)
        text_add(into, SLICE("anywhere"));
    for (uint32_t i = 0; i < count; i++)
        text_format(into, "%s%u", i > 0 ? "," : "", cpus[i]);
}

static void differ_cpus(struct text *into, const char *name, const uint32_t *a, uint32_t a_count,
                        const uint32_t *b, uint32_t b_count)
{
    char a_room[300], b_room[300];
    struct text a_text = TEXT(a_room), b_text = TEXT(b_room);

    list_cpus(&a_text, a, a_count);
    list_cpus(&b_text, b, b_count);
    differ(into, name, a_room, b_room);
}

static void note_cpus(struct comparison *c, const struct comparison_cell *cell)
{
    const struct client_usage *a = &cell->a->client, *b = &cell->b->client;
    char room[COMPARISON_TEXT_MAX];
    struct text text = TEXT(room);

    differ_cpus(&text, "generator on", a->cpus, a->cpu_count, b->cpus, b->cpu_count);
    differ_cpus(&text, "target on", a->server_cpus, a->server_cpu_count, b->server_cpus,
                b->server_cpu_count);
    add(c, "CPUs", false, room);
}

static const char *warmup_text(const struct load *load, char *ret_text)
{
    if (load->warmup_requests > 0)
        snprintf(ret_text, UNITS_TEXT_MAX, "%llun", (unsigned long long)load->warmup_requests);
    else if (load->warmup_ns >= 0)
        units_duration(load->warmup_ns, false, ret_text);
    else
        ret_text[0] = '\0'; /* not known */
    return ret_text;
}

static void note_load(struct comparison *c, const struct comparison_cell *cell)
{
    static const char *const models[] = { "closed", "open", "inproc" };
    const struct load *a = &cell->a->load, *b = &cell->b->load;
    char room[COMPARISON_TEXT_MAX], a_rate[UNITS_TEXT_MAX], b_rate[UNITS_TEXT_MAX];
    char a_warmup[UNITS_TEXT_MAX], b_warmup[UNITS_TEXT_MAX];
    struct text text = TEXT(room);

    differ(&text, "loop", models[a->model], models[b->model]);
    differ_count(&text, "connections", a->connections, b->connections);
    differ_count(&text, "threads", a->threads, b->threads);
    /* A rate that is a share of what each target reaches is meant to differ. */
    if (a->of.len == 0 && b->of.len == 0)
        differ(&text, "rate", units_count(a->rate_per_sec, a_rate),
               units_count(b->rate_per_sec, b_rate));
    differ_count(&text, "requests", a->requests, b->requests);
    differ_time(&text, "duration", a->duration_ns, b->duration_ns);
    differ(&text, "warm-up", warmup_text(a, a_warmup), warmup_text(b, b_warmup));
    differ(&text, "connections", a->keepalive ? "kept" : "one a request",
           b->keepalive ? "kept" : "one a request");
    add(c, "load", false, room);
}

static void differ_slice(struct text *into, const char *name, struct slice a, struct slice b)
{
    char a_room[120], b_room[120];
    struct text a_text = TEXT(a_room), b_text = TEXT(b_room);

    text_add(&a_text, a);
    text_add(&b_text, b);
    if (!slice_equal(a, b))
        differ(into, name, a_room, b_room);
}

static const char *encoding_of(const struct trial_record *t)
{
    return t->probe_answer.encoding[0] == '\0' ? "none" : t->probe_answer.encoding;
}

/* What came back; not what differs by how a value is written. */
static void differ_answers(struct text *into, const struct comparison_cell *cell)
{
    const struct trial_record *const both[] = { cell->a, cell->b };
    const struct probe_answer *a = &cell->a->probe_answer, *b = &cell->b->probe_answer;

    if (check_parity(both, 2).state < CHECK_WARN)
        return;
    if (a->status > 0 && b->status > 0)
        differ_count(into, "status", a->status, b->status);
    differ(into, "compression", encoding_of(cell->a), encoding_of(cell->b));
    if (a->body_bytes >= 0 && b->body_bytes >= 0)
        differ_count(into, "bytes of answered body", (uint64_t)a->body_bytes,
                     (uint64_t)b->body_bytes);
}

static void note_work(struct comparison *c, const struct comparison_cell *cell)
{
    const struct workload *a = &cell->a->workload, *b = &cell->b->workload;
    char room[COMPARISON_TEXT_MAX];
    struct text text = TEXT(room);

    differ_slice(&text, "method", a->method, b->method);
    differ_slice(&text, "path", a->path, b->path);
    differ_count(&text, "bytes of request body", a->body.len, b->body.len);
    differ_count(&text, "expected status", a->expect.status, b->expect.status);
    differ_answers(&text, cell);
    add(c, "work", false, room);
}

static void note_class(struct comparison *c, const struct comparison_cell *cell)
{
    char room[COMPARISON_TEXT_MAX];
    struct text text = TEXT(room);

    differ(&text, "connections", connection_class_name(record_connection_class(cell->a)),
           connection_class_name(record_connection_class(cell->b)));
    add(c, "class of connection", false, room);
}

bool comparison_take_notes(struct comparison *c, struct error *err)
{
    size_t most = c->cell_count * NOTES_OF_A_CELL + 2; /* the machine's, and one being written */

    c->notes = fault_hit(FAULT_MEMORY) ? NULL : calloc(most, sizeof(*c->notes));
    if (c->notes == NULL)
        return error_set(err, ENOMEM, "compare %s with %s", c->a.name, c->b.name);
    note_machine(c);
    for (size_t i = 0; i < c->cell_count; i++) {
        const struct comparison_cell *cell = &c->cells[i];
        char room[COMPARISON_TEXT_MAX];
        struct text text = TEXT(room);

        differ(&text, "ring", cell->a->ring, cell->b->ring);
        add(c, "ring", false, room);
        note_cpus(c, cell);
        note_load(c, cell);
        note_work(c, cell);
        note_class(c, cell);
    }
    return true;
}
