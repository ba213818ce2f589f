#include "inproc/inproc_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool inproc_table_open(struct inproc_table *table, const struct inproc_spec *specs, size_t count,
                       size_t processes, struct error *err)
{
    struct inproc_row *room = calloc(count + INPROC_FLOORS_MAX, sizeof(*room));

    if (room == NULL)
        return error_set(err, ENOMEM, "measure %zu applications", count);
    *table = (struct inproc_table){
        .processes = processes, .room = room, .rows = room + INPROC_FLOORS_MAX, .row_count = count
    };
    for (size_t i = 0; i < count; i++) {
        table->rows[i].spec = specs[i];
        snprintf(table->rows[i].label, INPROC_TEXT_MAX, "%s", specs[i].app);
    }
    return true;
}

void inproc_table_close(struct inproc_table *table)
{
    for (size_t i = 0; i < table->row_count; i++)
        inproc_look_release(&table->rows[i].look);
    free(table->room);
    free(table->floor_cases);
    json_decref(table->document);
    *table = (struct inproc_table){ 0 };
}

static bool stopped(const struct inproc_row *row)
{
    return row->spec.stop_asked != NULL && *row->spec.stop_asked != 0;
}

static void fail_row(struct inproc_row *row, const struct error *err)
{
    row->state = INPROC_FAILED;
    snprintf(row->reason, sizeof(row->reason), "%s", err->text);
}

static void look_at_row(struct inproc_row *row)
{
    struct error err;

    row->looked = inproc_look_at(&row->spec, &row->look, &row->fault, &err);
    if (!row->looked)
        fail_row(row, &err);
}

static void time_row(struct inproc_row *row)
{
    struct inproc_timing *timing = &row->timings[row->timing_count];
    struct error err;

    if (!inproc_time(&row->spec, &row->look, timing, &row->fault, &err)) {
        if (!stopped(row))
            fail_row(row, &err);
        return;
    }
    if (row->timing_count++ == 0 || timing->driver_ns < row->look.driver_ns)
        row->look.driver_ns = timing->driver_ns;
}

/* ---- the floors ---- */

/* The requests are the applications'; the right answer is the bare callable's. */
static bool floor_cases(struct inproc_table *table, const struct inproc_spec *like,
                        struct error *err)
{
    table->floor_cases = calloc(like->case_count, sizeof(*table->floor_cases));
    if (table->floor_cases == NULL)
        return error_set(err, ENOMEM, "prepare the floor");
    for (size_t i = 0; i < like->case_count; i++) {
        table->floor_cases[i] = like->cases[i];
        table->floor_cases[i].expect =
            (struct expect){ .status = 200, .body = SLICE("Hello World!") };
    }
    return true;
}

static void put_floor(struct inproc_table *table, const struct inproc_spec *like,
                      const char *interface, const char *label)
{
    struct inproc_row *floor = --table->rows;

    table->row_count++;
    floor->spec = *like;
    floor->spec.app = "";
    floor->spec.interface = interface;
    floor->spec.cases = table->floor_cases;
    floor->floor = true;
    snprintf(floor->label, sizeof(floor->label), "%s", label);
}

static bool any_with(const struct inproc_table *table, const char *interface)
{
    for (size_t i = 0; i < table->row_count; i++)
        if (table->rows[i].looked && strcmp(table->rows[i].look.interface, interface) == 0)
            return true;
    return false;
}

/* One for each interface that there is an application of; one in any case. */
static bool put_floors(struct inproc_table *table, struct error *err)
{
    const struct inproc_spec like = table->rows[0].spec;
    bool asgi = any_with(table, "asgi"), wsgi = any_with(table, "wsgi");

    if (!floor_cases(table, &like, err))
        return false;
    if (asgi)
        put_floor(table, &like, "asgi", "bare ASGI callable (floor)");
    if (wsgi)
        put_floor(table, &like, "wsgi", "bare WSGI callable (floor)");
    if (!asgi && !wsgi)
        put_floor(table, &like, like.interface, "bare callable (floor)");
    return true;
}

/* ---- all of it ---- */

static void tell(const struct inproc_observer *observer, const struct inproc_row *row, size_t round,
                 size_t rounds)
{
    if (observer->next != NULL)
        observer->next(observer->context, row, round, rounds);
}

bool inproc_measure(struct inproc_table *table, const struct inproc_observer *observer,
                    struct error *err)
{
    char path[4096];

    for (size_t i = 0; i < table->row_count; i++)
        if (!runner_find(table->rows[i].spec.runtime, path, sizeof(path), err))
            return false;
    if (table->rows[0].spec.instructions && !callgrind_is_there())
        return error_usage(err, "instructions are counted with callgrind, which is not there: "
                                "apt-get install valgrind");
    /* The applications first: only then is it known which floors they stand on. */
    for (size_t i = 0; i < table->row_count && !stopped(&table->rows[i]); i++) {
        if (table->rows[i].state == INPROC_FAILED)
            continue; /* known beforehand: not installed, not built */
        tell(observer, &table->rows[i], 0, table->processes);
        look_at_row(&table->rows[i]);
    }
    if (!put_floors(table, err))
        return false;
    for (size_t i = 0; table->rows[i].floor && !stopped(&table->rows[i]); i++) {
        tell(observer, &table->rows[i], 0, table->processes);
        look_at_row(&table->rows[i]);
    }
    for (size_t round = 1; round <= table->processes; round++)
        for (size_t i = 0; i < table->row_count && !stopped(&table->rows[i]); i++)
            if (table->rows[i].looked && table->rows[i].state == INPROC_DONE) {
                tell(observer, &table->rows[i], round, table->processes);
                time_row(&table->rows[i]);
            }
    table->partial = stopped(&table->rows[0]);
    return true;
}
