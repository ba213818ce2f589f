/* assay URL: one load test of one address. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "cli/cmd.h"
#include "cli/load_options.h"
#include "cli/show_progress.h"
#include "cli/version.h"
#include "net/sock.h"
#include "probe/proc.h"
#include "probe/program.h"
#include "report/terminal.h"
#include "run/judge.h"
#include "run/room.h"

/* ---- what is tested ---- */

/* The server's processes, when it runs on this machine: the one that listens, and its parents as
 * far as they are the same program. */
static int32_t find_server(const struct addr *addr, char *ret_name)
{
    int32_t pid;

    if (!addr_is_local(addr))
        return 0;
    if (addr->any.sa_family == AF_UNIX) {
        pid = sock_unix_listener(addr);
        proc_name("", pid, ret_name);
    } else {
        pid = proc_listener("", addr_port(addr), ret_name);
    }
    return pid > 0 ? program_root("", pid, getpid()) : 0;
}

static const char *host_header(struct load_options *o)
{
    bool standard = o->url.port == 80;
    const char *open = o->url.host_is_ipv6 ? "[" : "";
    const char *close = o->url.host_is_ipv6 ? "]" : "";

    if (standard)
        return arena_format(&o->arena, "%s%.*s%s", open, (int)o->url.host.len, o->url.host.ptr,
                            close);
    return arena_format(&o->arena, "%s%.*s%s:%u", open, (int)o->url.host.len, o->url.host.ptr,
                        close, o->url.port);
}

/* ---- the test ---- */

static void show(void *context, const struct progress *progress)
{
    progress_view_show(context, NULL, progress);
}

static void fill_in(struct load_options *o, struct trial_record *record, const struct addr *addr,
                    const char *server_name, int32_t server)
{
    char where[ADDR_TEXT_MAX];

    record->url = arena_text(&record->arena, o->url_text, strlen(o->url_text));
    record->address = arena_format(&record->arena, "%s", addr_text(addr, where));
    record->target = record->address;
    if (server > 0)
        record->target_title = arena_format(&record->arena, "pid %d %s", server, server_name);
    record->workload = o->workload;
    record->workload.name = SLICE("load");
    record->workers = 1;
    record->started = wall_now();
}

static void judge(const struct load_options *o, struct trial_record *record,
                  const struct observer *observer)
{
    const struct ceiling_order order = { .record = record,
                                         .ring = o->common.ring,
                                         .places = &o->places,
                                         .kept_only = o->common.no_ceiling,
                                         .stop_asked = &stop_asked,
                                         .observer = observer };

    judge_trial(&order, record);
}

/* Else a server that died after a second is one that was slow on the whole. */
static void note_end(struct trial_record *record, const struct addr *addr, const char *server_name,
                     int32_t server)
{
    const char *before = record->reason;
    char nobody[PROC_NAME_MAX];

    if (server > 0 && record->state == TRIAL_DONE && find_server(addr, nobody) == 0)
        record->reason = arena_format(&record->arena,
                                      "%s%snobody listens there any more: the server (pid %d %s) "
                                      "ended while it was driven, or stopped listening",
                                      before, before[0] != '\0' ? "; " : "", server, server_name);
}

/* One drive of the load: all of it, or a stage. */
static bool test_address(struct load_options *o, struct trial_record *record,
                         const struct load *load, const struct addr *addr,
                         struct progress_view *view, struct error *err)
{
    char server_name[PROC_NAME_MAX] = "";
    int32_t server = find_server(addr, server_name);
    struct observer observer = { .context = view, .progress = show };
    struct drive drive = { .addresses = addr,
                           .address_count = 1,
                           .host = slice_of(host_header(o)),
                           .workload = &record->workload,
                           .load = load,
                           .ring = o->common.ring,
                           .cpus = o->places.client,
                           .cpu_count = o->places.client_count,
                           .seed = o->common.seed,
                           .ancestor = server,
                           .ancestor_counts = true,
                           .stop_asked = &stop_asked,
                           .observer = &observer };

    if (load->stage > 1) /* as in a suite: arrivals of its own */
        drive.seed = rng_split(o->common.seed, load->stage - 1).state;
    fill_in(o, record, addr, server_name, server);
    if (!drive_run(&drive, record, err) || !prove_trial(&drive, &o->prove, record, err))
        return false;
    note_end(record, addr, server_name, server);
    judge(o, record, &observer);
    /* Where the first stage was answered, a later one that is not has found a limit. */
    if (record->state == TRIAL_NOT_READY && load->stage <= 1)
        return error_set(err, 0, "%s: %s", o->unix_socket != NULL ? record->address : o->url_text,
                         record->reason);
    return true;
}

static struct run_record *new_run(const struct load_options *o, struct error *err)
{
    struct run_record *run = run_record_new(1u << 20, err);

    if (run == NULL)
        return NULL;
    run->command = arena_text(&run->arena, o->words.command, strlen(o->words.command));
    run->assay_version = VERSION_TEXT;
    run->seed = o->common.seed;
    run->blocks = 1;
    run->started = wall_now();
    host_read("", &run->host);
    run->trials = arena_new(&run->arena, struct trial_record *, load_drives(&o->load));
    return run;
}

/* Adds the newest record, and before the first one the run itself. */
static bool save_newest(struct store *store, struct run_record *run, struct error *err)
{
    if (store == NULL)
        return true;
    if (run->trial_count == 1 && !store_add_run(store, run, err))
        return false;
    return store_add_trial(store, run, run->trials[run->trial_count - 1], err);
}

static bool any_answer(const struct run_record *run)
{
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i]->tally.ok > 0)
            return true;
    return false;
}

static bool all_ready(const struct run_record *run)
{
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i]->state == TRIAL_NOT_READY)
            return false;
    return true;
}

static int report(struct load_options *o, const struct run_record *run, struct error *err)
{
    if (o->common.quiet < 2 && !stdout_taken(&o->common)) {
        struct screen out = result_screen(&o->common);

        terminal_run(&out, run);
        print_saved(&out, run, &o->common);
    }
    if (!write_outputs(&o->common, run, o->load.stages == NULL, err))
        return fail(err);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        error_set(err, errno, "write the result to standard output");
        return fail(err);
    }
    if (!any_answer(run) && stop_asked == 0) {
        fprintf(stderr,
                run->trials[0]->tally.scheduled == 0 && !run->trials[0]->tally.gave_up
                    ? "error: no request was due in so short a time; a longer -d, or a higher -r\n"
                    : "error: not one right answer was measured\n");
        return EXIT_MEASUREMENT;
    }
    if (stop_asked == 0 && !all_ready(run)) {
        fprintf(stderr,
                "error: not every stage could be measured; the reasons stand beside them\n");
        return EXIT_MEASUREMENT;
    }
    if (stop_asked == 0 && !demands_met(&o->demands, run))
        return EXIT_MEASUREMENT;
    return signals_exit_code(EXIT_DONE);
}

static void add_words(struct error *err, const char *words)
{
    size_t used = strlen(err->text);

    snprintf(err->text + used, sizeof(err->text) - used, "%s", words);
}

static bool find_addresses(const struct load_options *o, struct addr_found *ret_found,
                           struct error *err)
{
    if (o->unix_socket != NULL) {
        ret_found->count = 1;
        return addr_unix(slice_of(o->unix_socket), &ret_found->list[0], err) ||
               error_wrap(err, "--unix-socket");
    }
    if (addr_resolve(o->url.host, o->url.port, ret_found, err))
        return true;
    add_words(err, "; check the spelling, or give the address itself");
    return false;
}

/* Of several addresses the first that lets us in; NULL: none does. A single one is not tried: what
 * it says to the first question is told in full. */
static const struct addr *choose_address(const struct load_options *o,
                                         const struct addr_found *found)
{
    for (size_t i = 0; i < found->count && found->count > 1; i++) {
        const struct sock_limit limit = { mono_after(mono_now(), o->load.timeout_ns), &stop_asked };
        int fd = sock_connect(&found->list[i], &limit);

        if (fd >= 0)
            close(fd);
        if (fd >= 0)
            return &found->list[i];
    }
    return found->count > 1 ? NULL : &found->list[0];
}

static void add_tried(struct error *err, const struct addr_found *found)
{
    char name[ADDR_TEXT_MAX];

    for (size_t i = 0; i < found->count; i++) {
        add_words(err, i == 0 ? " (tried " : i + 1 < found->count ? ", " : " and ");
        add_words(err, addr_text(&found->list[i], name));
    }
    add_words(err, ")");
}

/* Drive after drive, each kept as it ends. *unsaved: what could not be, was not. */
static bool measure_all(struct load_options *o, const struct addr *addr, struct progress_view *view,
                        struct store *store, struct run_record *run, struct error *unsaved,
                        struct error *err)
{
    for (uint32_t i = 0; i < load_drives(&o->load) && stop_asked == 0; i++) {
        const struct load load = load_drive(&o->load, i);
        const struct drive sizing = { .load = &load, .workload = &o->workload };
        struct trial_record *record = trial_record_new(drive_arena_bytes(&sizing), err);

        if (record == NULL || !test_address(o, record, &load, addr, view, err)) {
            trial_record_free(record);
            return false;
        }
        run->trials[run->trial_count++] = record;
        events_trial_end(o->common.events, mono_now(), record);
        run->partial = run->partial || record->tally.partial;
        if (unsaved->text[0] == '\0' && !save_newest(store, run, unsaved))
            run->id[0] = '\0'; /* nobody should look for it */
    }
    return true;
}

static bool measure(struct load_options *o, struct store *store, struct run_record *run,
                    struct error *unsaved, struct error *err)
{
    struct addr_found found;
    const struct addr *addr;
    struct progress_view view;
    bool fine;

    if (!find_addresses(o, &found, err) || !room_descriptors(&o->load, err) ||
        !room_ports("", &o->load, &found.list[0], 1, err))
        return false;
    addr = choose_address(o, &found);
    if (stop_asked > 0)
        return error_set(err, EINTR, "connect to %s", o->url_text);
    events_run_start(o->common.events, mono_now(), "load", o->words.command, load_drives(&o->load));
    progress_view_open(&view, &o->common, true);
    fine = measure_all(o, addr != NULL ? addr : &found.list[0], &view, store, run, unsaved, err);
    if (!fine && addr == NULL)
        add_tried(err, &found);
    progress_view_close(&view);
    run->partial = run->partial || run->trial_count < load_drives(&o->load);
    if (store != NULL && run->trial_count > 0 && unsaved->text[0] == '\0' &&
        !store_end_run(store, run, run->partial, unsaved))
        run->id[0] = '\0';
    return fine;
}

static int load_all(struct load_options *o, struct error *err)
{
    struct error unsaved = { .text = "" };
    struct store *store = NULL;
    struct run_record *run;
    bool fine;
    int code = EXIT_DONE;

    if (!check_outputs(&o->common, err))
        return fail(err);
    if (!o->common.no_save && !database_open_to_write(&o->common, &store, err))
        return fail(err);
    run = new_run(o, err);
    fine = run != NULL && measure(o, store, run, &unsaved, err);
    /* The stages before one that could not be driven are kept and shown. */
    if (run != NULL && run->trial_count > 0) {
        struct error not_written;

        code = report(o, run, &not_written);
    }
    if (!fine)
        code = fail(err);
    if (unsaved.text[0] != '\0') {
        error_wrap(&unsaved, "the result above is not saved");
        code = fail(&unsaved);
    }
    events_run_end(o->common.events, mono_now(), run != NULL ? run->id : "", code);
    run_record_free(run);
    store_close(store);
    return code;
}

int cmd_load(int argc, char **argv)
{
    struct load_options o;
    struct error err;
    int code;

    if (!load_options_read(argc, argv, &o, &err))
        return fail(&err);
    signals_catch();
    code = load_all(&o, &err);
    load_options_release(&o);
    return code;
}
