#include "store/inproc_json.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "store/json_put.h"
#include "store/record_json.h"

/* ---- writing: figures ---- */

static json_t *interval_json(struct interval i)
{
    struct json_put p = json_put_begin();

    json_put_real(&p, "median", i.n > 0 ? i.median : RECORD_UNKNOWN);
    json_put_real(&p, "low", i.bounded ? i.low : RECORD_UNKNOWN);
    json_put_real(&p, "high", i.bounded ? i.high : RECORD_UNKNOWN);
    json_put_count(&p, "n", i.n);
    return json_put_end(&p);
}

static json_t *growth_json(const struct inproc_row *row)
{
    struct trend trend = inproc_growth(row);
    struct json_put p = json_put_begin();
    json_t *points = json_array();

    for (size_t i = 0; i <= INPROC_GROWTH_POINTS; i++)
        json_add(&points, json_integer(row->look.growth_bytes[i]));
    json_put_real(&p, "bytes_per_request", trend.slope);
    json_put_real(&p, "low", trend.low);
    json_put_real(&p, "high", trend.high);
    json_put_count(&p, "requests_between_points", row->look.growth_calls);
    json_put(&p, "points_bytes", points);
    return json_put_end(&p);
}

/* ---- writing: what was measured ---- */

static json_t *timing_json(const struct inproc_timing *t)
{
    struct json_put p = json_put_begin();
    json_t *batches = json_array();

    for (size_t i = 0; i < t->batch_count; i++)
        json_add(&batches, json_integer(t->batch_ns[i]));
    json_put_count(&p, "requests", t->calls);
    json_put_known(&p, "wall_ns", t->wall_ns);
    json_put_known(&p, "cpu_ns", t->cpu_ns);
    json_put_count(&p, "warmup_requests", t->warmup_calls);
    json_put_known(&p, "warmup_ns", t->warmup_ns);
    json_put_real(&p, "instructions_per_request", t->instructions);
    json_put(&p, "batches_ns", batches);
    return json_put_end(&p);
}

static json_t *processes_json(const struct inproc_row *row)
{
    json_t *list = json_array();

    for (size_t i = 0; i < row->timing_count; i++)
        json_add(&list, timing_json(&row->timings[i]));
    return list;
}

/* "SIGSEGV"; "" for none. */
static void signal_name(int number, char *ret_name, size_t size)
{
    const char *name = sigabbrev_np(number);

    ret_name[0] = '\0';
    if (number != 0 && name != NULL)
        snprintf(ret_name, size, "SIG%s", name);
    else if (number != 0)
        snprintf(ret_name, size, "signal %d", number);
}

static void put_look(struct json_put *p, const struct inproc_look *look)
{
    json_put_text(p, "runtime_version", look->runtime);
    json_put_text(p, "version", look->version);
    json_put_text(p, "interface", look->interface);
    json_put_text(p, "driver", look->driver);
    json_put_known(p, "driver_ns", look->driver_ns);
    json_put_text(p, "check", look->check);
    json_put_known(p, "tcalls", look->tcalls);
    json_put_known(p, "funcs", look->funcs);
    json_put_known(p, "allocations", look->allocations);
    json_put_real(p, "instructions_by_callgrind", look->instructions);
}

static const struct inproc_look nothing_seen = {
    .driver_ns = -1, .tcalls = -1, .funcs = -1, .allocations = -1, .instructions = RECORD_UNKNOWN
};

static json_t *row_json(const struct inproc_table *table, const struct inproc_row *row)
{
    struct json_put p = json_put_begin();
    struct interval ns = inproc_ns(row);
    char signal_text[32];

    signal_name(row->fault.signal, signal_text, sizeof(signal_text));
    json_put(&p, "app", json_clean(slice_of(row->label)));
    json_put_text(&p, "application", row->application);
    json_put_flag(&p, "floor", row->floor);
    json_put(&p, "state", json_string(row->state == INPROC_DONE ? "done" : "failed"));
    json_put_text(&p, "reason", row->reason);
    json_put_text(&p, "signal", signal_text);
    json_put_text(&p, "output_tail", row->fault.output);
    put_look(&p, row->looked ? &row->look : &nothing_seen);
    json_put(&p, "ns_per_request", interval_json(ns));
    json_put_real(&p, "requests_per_sec", ns.n > 0 ? 1e9 / ns.median : RECORD_UNKNOWN);
    json_put(
        &p, "times_floor",
        interval_json(inproc_times_floor(row, row->looked ? inproc_floor_of(table, row) : NULL)));
    json_put_real(&p, "instructions_per_request",
                  row->looked ? inproc_instructions(row) : RECORD_UNKNOWN);
    json_put_real(&p, "cpu_share", inproc_cpu_share(row));
    json_put(&p, "growth", row->looked ? growth_json(row) : json_null());
    json_put(&p, "processes", processes_json(row));
    return json_put_end(&p);
}

static json_t *rows_json(const struct inproc_table *table)
{
    json_t *list = json_array();

    for (size_t i = 0; i < table->row_count; i++)
        json_add(&list, row_json(table, &table->rows[i]));
    return list;
}

static json_t *cases_json(const struct inproc_spec *spec)
{
    json_t *list = json_array();

    for (size_t i = 0; i < spec->case_count; i++) {
        struct json_put p = json_put_begin();

        json_put(&p, "method", json_clean(spec->cases[i].method));
        json_put(&p, "path", json_clean(spec->cases[i].path));
        json_add(&list, json_put_end(&p));
    }
    return list;
}

/* What all rows have in common: they differ in the application only. */
static void put_conditions(struct json_put *p, const struct inproc_table *table)
{
    const struct inproc_spec *spec = &table->rows[table->row_count - 1].spec;

    json_put(p, "runtime", json_clean(slice_of(spec->runtime)));
    json_put(p, "folder", json_clean(slice_of(spec->folder)));
    json_put(p, "gc", json_string(inproc_gc_name(spec->gc)));
    json_put_known(p, "cpu", spec->pinned ? (int64_t)spec->cpu : -1);
    json_put_some(p, "requests_asked", spec->calls);
    json_put_real(p, "timeout_s", (double)spec->timeout_ns / (double)SECOND_NS);
    json_put_count(p, "processes", table->processes);
    json_put_flag(p, "partial", table->partial);
    json_put(p, "cases", cases_json(spec));
}

json_t *inproc_to_json(const struct inproc_table *table, const struct run_record *run,
                       struct error *err)
{
    static const char *const shared[] = { "id", "command", "assay_version", "started", "host" };
    json_t *run_json = run_to_json(run, err);
    struct json_put p;
    json_t *json;

    if (run_json == NULL)
        return NULL;
    p = json_put_begin();
    json_put(&p, "schema", json_string(RECORD_INPROC_SCHEMA));
    for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
        json_put(&p, shared[i], json_incref(json_object_get(run_json, shared[i])));
    put_conditions(&p, table);
    json_put(&p, "rows", rows_json(table));
    json_decref(run_json);
    json = json_put_end(&p);
    if (json == NULL)
        error_set(err, ENOMEM, "write the table");
    return json;
}

/* ---- reading ---- */

static int64_t known_in(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_integer(value) ? json_integer_value(value) : -1;
}

static double real_in(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : RECORD_UNKNOWN;
}

static const char *text_in(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static void copy_text(const json_t *object, const char *key, char *ret_text, size_t size)
{
    snprintf(ret_text, size, "%s", text_in(object, key));
}

static void read_timing(const json_t *json, struct inproc_timing *t)
{
    const json_t *batches = json_object_get(json, "batches_ns");

    t->calls = (uint64_t)known_in(json, "requests");
    t->wall_ns = known_in(json, "wall_ns");
    t->cpu_ns = known_in(json, "cpu_ns");
    t->warmup_calls = (uint64_t)known_in(json, "warmup_requests");
    t->warmup_ns = known_in(json, "warmup_ns");
    t->instructions = real_in(json, "instructions_per_request");
    for (; t->batch_count < json_array_size(batches) && t->batch_count < INPROC_BATCHES;
         t->batch_count++)
        t->batch_ns[t->batch_count] = json_integer_value(json_array_get(batches, t->batch_count));
}

static void read_look(const json_t *json, struct inproc_look *look)
{
    const json_t *growth = json_object_get(json, "growth");
    const json_t *points = json_object_get(growth, "points_bytes");

    copy_text(json, "runtime_version", look->runtime, sizeof(look->runtime));
    copy_text(json, "version", look->version, sizeof(look->version));
    copy_text(json, "interface", look->interface, sizeof(look->interface));
    copy_text(json, "driver", look->driver, sizeof(look->driver));
    copy_text(json, "check", look->check, sizeof(look->check));
    look->driver_ns = known_in(json, "driver_ns");
    look->tcalls = known_in(json, "tcalls");
    look->funcs = known_in(json, "funcs");
    look->allocations = known_in(json, "allocations");
    look->instructions = real_in(json, "instructions_by_callgrind");
    look->growth_calls = (uint64_t)known_in(growth, "requests_between_points");
    for (size_t i = 0; i <= INPROC_GROWTH_POINTS; i++)
        look->growth_bytes[i] = json_integer_value(json_array_get(points, i));
}

static void read_row(const json_t *json, struct inproc_row *row)
{
    const json_t *processes = json_object_get(json, "processes");

    copy_text(json, "app", row->label, sizeof(row->label));
    copy_text(json, "application", row->application, sizeof(row->application));
    copy_text(json, "reason", row->reason, sizeof(row->reason));
    copy_text(json, "output_tail", row->fault.output, sizeof(row->fault.output));
    row->floor = json_is_true(json_object_get(json, "floor"));
    row->state = strcmp(text_in(json, "state"), "done") == 0 ? INPROC_DONE : INPROC_FAILED;
    row->looked = json_is_object(json_object_get(json, "growth"));
    read_look(json, &row->look);
    for (;
         row->timing_count < json_array_size(processes) && row->timing_count < INPROC_PROCESSES_MAX;
         row->timing_count++)
        read_timing(json_array_get(processes, row->timing_count), &row->timings[row->timing_count]);
}

/* The conditions, of which the cases are not needed as requests any more. */
static struct inproc_spec read_conditions(const json_t *json)
{
    struct inproc_spec spec = { .runtime = text_in(json, "runtime"),
                                .folder = text_in(json, "folder"),
                                .app = "",
                                .interface = "" };
    int64_t cpu = known_in(json, "cpu");

    inproc_gc_named(text_in(json, "gc"), &spec.gc);
    spec.pinned = cpu >= 0;
    spec.cpu = cpu >= 0 ? (uint32_t)cpu : 0;
    return spec;
}

static struct workload *read_cases(const json_t *json, size_t *ret_count)
{
    const json_t *list = json_object_get(json, "cases");
    struct workload *cases = calloc(json_array_size(list) + 1, sizeof(*cases));

    for (size_t i = 0; cases != NULL && i < json_array_size(list); i++) {
        cases[i].method = slice_of(text_in(json_array_get(list, i), "method"));
        cases[i].path = slice_of(text_in(json_array_get(list, i), "path"));
    }
    *ret_count = json_array_size(list);
    return cases;
}

bool inproc_from_json(json_t *document, struct inproc_table *ret_table, struct error *err)
{
    const json_t *rows = json_object_get(document, "rows");
    size_t count = json_array_size(rows);
    struct inproc_spec spec = read_conditions(document);
    struct inproc_table table = { 0 };

    if (strcmp(text_in(document, "schema"), RECORD_INPROC_SCHEMA) != 0 || count == 0)
        return error_set(err, 0, "not a document of %s", RECORD_INPROC_SCHEMA);
    table.room = calloc(count, sizeof(*table.room));
    table.floor_cases = read_cases(document, &spec.case_count);
    if (table.room == NULL || table.floor_cases == NULL) {
        inproc_table_close(&table);
        return error_set(err, ENOMEM, "read the table");
    }
    table.rows = table.room;
    table.row_count = count;
    table.processes = (size_t)known_in(document, "processes");
    table.partial = json_is_true(json_object_get(document, "partial"));
    table.document = json_incref(document);
    spec.cases = table.floor_cases;
    for (size_t i = 0; i < count; i++) {
        table.rows[i].spec = spec;
        read_row(json_array_get(rows, i), &table.rows[i]);
    }
    *ret_table = table;
    return true;
}
