#include "target/target.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/folder.h"
#include "base/rng.h"
#include "load/ask.h"
#include "load/request.h"
#include "net/sock.h"
#include "target/command.h"
#include "target/guardian.h"
#include "target/output.h"
#include "target/ready.h"
#include "target/recipe.h"
#include "target/shell.h"
#include "target/sockets.h"

#define BUILD_MAX_NS   (3600 * SECOND_NS)
#define VERSION_MAX_NS (5 * SECOND_NS)
#define IMAGE_MAX_NS   (600 * SECOND_NS)
#define VERIFY_MAX_NS  (30 * SECOND_NS)

/* Between the moment in which a port was seen to be free and the one in which a server binds it,
 * another program can take it. Three times in a row is no accident. */
#define START_TRIES 3

/* Room for the longest answer that readiness looks at, and for its head. */
#define ANSWER_BYTES (ASK_BODY_MAX + ((size_t)1 << 20))

struct target {
    struct guardian guardian;
    struct arena arena; /* the recipe lives in it */
    struct recipe recipe;
    int64_t grace_ns, ready_ns, after_ns;
    uint64_t probes;
    bool ended; /* a process has ended by itself; `end` says how */
    struct error end;
    struct addr addresses[TARGET_ADDRESSES_MAX];
    size_t address_count;
    uint16_t ports[SOCK_PORTS_MAX];
    char sockets[SOCKETS_FOLDER_MAX]; /* "": none */
};

_Static_assert(TARGET_ADDRESSES_MAX >= SUITE_INSTANCES_MAX, "room for all instances");

struct workload target_workload(const struct suite *suite, const struct variant *variant,
                                const struct workload *workload)
{
    struct workload own = *workload;

    for (size_t i = 0; i < variant->target->expect_count; i++) {
        const struct suite_expect *expect = &variant->target->expects[i];

        if (slice_equal(suite->workloads[expect->workload].name, workload->name))
            own.expect = expect->expect;
    }
    return own;
}

/* ---- the place ---- */

static bool prepare_place(const struct target_place *place, struct error *err)
{
    return folder_make(place->folder, err) && output_open(place->output, err);
}

/* ---- building, and asking for the version ---- */

/* Runs one of the target's commands, its output to `output`. `argument` is added to it as it is;
 * NULL: there is none. */
static bool run_command(const struct recipe_place *at, struct slice command, const char *argument,
                        const char *output, int64_t limit_ns, const struct command_waiter *waiter,
                        int *ret_status, int64_t *ret_ns, struct error *err)
{
    struct arena arena;
    struct order order;
    bool good;

    if (!arena_map(&arena, RECIPE_BYTES, err))
        return false;
    good = folder_make(at->place->folder, err) && output_open(output, err) &&
           recipe_command(at, command, output, &arena, &order, err);
    if (good && argument != NULL)
        order.command = arena_format(&arena, "%s %s", order.command, argument);
    good = good && command_run(&order, limit_ns, waiter, ret_status, ret_ns, err);
    arena_unmap(&arena);
    return good;
}

bool target_build(const struct suite *suite, const struct variant *variant,
                  const struct target_place *place, const struct command_waiter *waiter,
                  int64_t *ret_ns, struct error *err)
{
    const struct recipe_place at = {
        .suite = suite, .variant = variant, .place = place, .fetches = true
    };
    char text[GUARDIAN_TEXT_MAX];
    int64_t took_ns = -1;
    int status = 0;

    if (variant->target->build.len > 0 &&
        !run_command(&at, variant->target->build, NULL, place->output, BUILD_MAX_NS, waiter,
                     &status, &took_ns, err))
        return error_wrap(err, "build");
    if (status != 0) {
        error_set(err, 0, "the build %s", guardian_status_text(status, text));
        return output_explain(place->output, err);
    }
    *ret_ns = took_ns;
    return true;
}

/* The path as it is driven: the same fresh digits wherever it has a nonce. */
static void add_path(struct text *url, struct slice path)
{
    const struct slice mark = SLICE("{nonce}");
    struct rng rng = { (uint64_t)mono_now().ns };
    char digits[WORKLOAD_NONCE_LEN];

    request_nonce_digits(rng_next(&rng), digits);
    for (size_t i = 0; i < path.len;) {
        struct slice rest = { path.ptr + i, path.len - i };
        bool is_mark = slice_starts(rest, mark);

        text_add(url, is_mark ? (struct slice){ digits, sizeof(digits) }
                              : (struct slice){ rest.ptr, 1 });
        i += is_mark ? mark.len : 1;
    }
}

/* As one word of the shell's, whatever is in it. */
static void add_word(struct text *line, struct slice word)
{
    text_add(line, SLICE("'"));
    for (size_t i = 0; i < word.len; i++)
        text_add(line, word.ptr[i] == '\'' ? SLICE("'\\''") : (struct slice){ &word.ptr[i], 1 });
    text_add(line, SLICE("'"));
}

/* Where the target can be asked for this workload. */
static bool verify_argument(const struct target *target, const struct workload *workload,
                            struct text *word, struct error *err)
{
    char where[ADDR_TEXT_MAX], room[EXPANDED_MAX];
    struct text url = TEXT(room);

    addr_text(&target->addresses[0], where);
    if (addr_port(&target->addresses[0]) == 0) {
        text_add(&url, slice_of(where));
    } else {
        text_format(&url, "http://%s", where);
        add_path(&url, workload->path);
    }
    add_word(word, (struct slice){ url.ptr, url.len });
    if (url.cut || word->cut)
        return error_usage(err, "verify: the path is longer than a command can be");
    return true;
}

bool target_verify(const struct suite *suite, const struct variant *variant,
                   const struct workload *workload, const struct target_place *place,
                   const struct target *target, const volatile sig_atomic_t *stop_asked,
                   struct error *err)
{
    const struct recipe_place at = { .suite = suite, .variant = variant, .place = place };
    const struct command_waiter waiter = { .stop_asked = stop_asked };
    char argument[EXPANDED_MAX], output[PATH_MAX], text[GUARDIAN_TEXT_MAX];
    struct text word = TEXT(argument);
    int64_t took_ns;
    int status = 0;

    if (workload->verify.len == 0 || variant->target->ceiling)
        return true;
    snprintf(output, sizeof(output), "%s.verify", place->output);
    if (!verify_argument(target, workload, &word, err))
        return false;
    if (!run_command(&at, shell_trim(workload->verify), argument, output, VERIFY_MAX_NS, &waiter,
                     &status, &took_ns, err))
        return error_wrap(err, "verify");
    if (status == 0)
        return true;
    error_set(err, 0, "the answers are wrong: the verify command %s",
              guardian_status_text(status, text));
    return output_explain(output, err);
}

/* The first line of the file that is not empty. */
static void read_first_line(const char *path, struct text *text)
{
    FILE *file = fopen(path, "re");
    char line[256];

    while (file != NULL && text->len == 0 && fgets(line, sizeof(line), file) != NULL)
        text_add_escaped(text, slice_trim((struct slice){ line, strcspn(line, "\r\n") }));
    if (file != NULL)
        fclose(file);
}

bool target_text(const struct suite *suite, const struct variant *variant,
                 const struct target_place *place, struct slice text, struct arena *arena,
                 const char **ret_text, struct error *err)
{
    const struct recipe_place at = { .suite = suite, .variant = variant, .place = place };

    return recipe_text(&at, text, arena, ret_text, err);
}

/* The first line that a command of the target prints; false where it is missing or fails. */
static bool command_says(const struct suite *suite, const struct variant *variant,
                         const struct target_place *place, struct slice command, int64_t limit_ns,
                         const struct command_waiter *waiter, struct text *ret_text)
{
    const struct recipe_place at = {
        .suite = suite, .variant = variant, .place = place, .fetches = true
    };
    char output[PATH_MAX];
    struct error ignored;
    int64_t took_ns;
    int status;

    if (command.len == 0 ||
        snprintf(output, sizeof(output), "%s/assay-said.txt", place->folder) >= (int)sizeof(output))
        return false;
    if (!run_command(&at, command, NULL, output, limit_ns, waiter, &status, &took_ns, &ignored) ||
        status != 0)
        return false;
    read_first_line(output, ret_text);
    return true;
}

void target_version(const struct suite *suite, const struct variant *variant,
                    const struct target_place *place, char *ret_text, size_t size)
{
    const struct command_waiter nobody = { .stop_asked = NULL };
    struct text text = { ret_text, 0, size, false };

    ret_text[0] = '\0';
    command_says(suite, variant, place, variant->target->version, VERSION_MAX_NS, &nobody, &text);
}

int64_t target_image_bytes(const struct suite *suite, const struct variant *variant,
                           const struct target_place *place, const struct command_waiter *waiter)
{
    char line[64] = "";
    struct text text = TEXT(line);
    uint64_t bytes;

    if (!command_says(suite, variant, place, variant->target->ship_image, IMAGE_MAX_NS, waiter,
                      &text) ||
        !slice_u64(slice_of(line), INT64_MAX, &bytes))
        return -1;
    return (int64_t)bytes;
}

/* ---- starting ---- */

static bool spawn_process(struct target *t, const struct recipe_process *process, struct error *err)
{
    for (size_t i = 0; i < process->instances; i++)
        if (!guardian_spawn(&t->guardian, process->first_order + i, err))
            return false;
    return true;
}

/* Fills a database, and the like. What it takes is not the target's time to get ready. */
static bool run_after(struct target *t, const struct recipe_process *process, struct ready *ready,
                      struct error *err)
{
    const struct command_waiter waiter = { .stop_asked = ready->stop_asked };
    char text[GUARDIAN_TEXT_MAX];
    int64_t took_ns = 0;
    int status = 0;

    if (!process->has_after)
        return true;
    if (!command_run(&process->after, ready->timeout_ns, &waiter, &status, &took_ns, err))
        return error_wrap(err, "%.*s: after", (int)process->name.len, process->name.ptr);
    t->after_ns += took_ns;
    ready->deadline = mono_after(ready->deadline, took_ns);
    if (status != 0)
        return error_set(err, 0, "%.*s: its command 'after' %s", (int)process->name.len,
                         process->name.ptr, guardian_status_text(status, text));
    return true;
}

/* Each process when the one before answers; the last one has to answer the workload rightly, once
 * what it answers from is filled. */
static bool spawn_all(struct target *t, const struct workload *workload, struct ready *ready,
                      struct error *err)
{
    size_t last = t->recipe.process_count - 1;

    for (size_t i = 0; i <= last; i++) {
        const struct recipe_process *process = &t->recipe.processes[i];

        if (!spawn_process(t, process, err))
            return false;
        if ((i < last || process->has_after) &&
            (!ready_wait(ready, i, NULL, err) || !run_after(t, process, ready, err)))
            return false;
    }
    return ready_wait(ready, last, workload, err);
}

static bool start_and_wait(struct target *t, const struct suite_target *target,
                           const struct workload *workload, const char *output,
                           const volatile sig_atomic_t *stop_asked, bool *ret_again,
                           struct error *err)
{
    struct arena scratch;
    struct ready ready = { .guardian = &t->guardian,
                           .recipe = &t->recipe,
                           .stop_asked = stop_asked,
                           .timeout_ns = target->ready_timeout_ns,
                           .wrong_ns = target->ready_wrong_ns,
                           .arena = &scratch };
    struct error odd;
    bool good;

    if (!arena_map(&scratch, ANSWER_BYTES, err))
        return false;
    if (!guardian_open(t->recipe.orders, t->recipe.order_count, &t->guardian, err)) {
        arena_unmap(&scratch);
        return false;
    }
    t->after_ns = 0;
    ready.begin = mono_now();
    ready.deadline = mono_after(ready.begin, target->ready_timeout_ns);
    good = spawn_all(t, workload, &ready, err);
    t->ready_ns = mono_diff_ns(ready.begin, mono_now()) - t->after_ns;
    t->probes += ready.probes;
    arena_unmap(&scratch);
    if (good)
        return true;
    *ret_again = ready.port_taken;
    guardian_stop(&t->guardian, target->grace_ns, &odd);
    if (err->sys != EINTR)
        output_explain(output, err);
    return false;
}

/* What the load is sent to: the instances of the last process. */
static void note_addresses(struct target *t)
{
    const struct recipe_process *last = &t->recipe.processes[t->recipe.process_count - 1];

    t->address_count = last->instances;
    for (size_t i = 0; i < last->instances; i++)
        t->addresses[i] = last->addresses[i];
}

/* With ports of its own. *ret_again: another choice of ports may help. */
static bool start_once(struct target *t, const struct recipe_place *at,
                       const struct workload *workload, const volatile sig_atomic_t *stop_asked,
                       bool *ret_again, struct error *err)
{
    struct arena arena = t->arena; /* what an attempt takes, it gives back */
    size_t port_count;
    int failure;

    if (!recipe_count_ports(at, &arena, &port_count, err))
        return false;
    failure = sock_free_ports(t->ports, port_count);
    if (failure < 0)
        return error_set(err, -failure, "find %zu free ports", port_count);
    if (!recipe_make(at, t->ports, port_count, &arena, &t->recipe, err))
        return false;
    note_addresses(t);
    if (!prepare_place(at->place, err))
        return false;
    return start_and_wait(t, at->variant->target, workload, at->place->output, stop_asked,
                          ret_again, err);
}

static void target_free(struct target *t)
{
    sockets_remove(t->sockets);
    arena_unmap(&t->arena);
    free(t);
}

bool target_start(const struct suite *suite, const struct variant *variant,
                  const struct workload *workload, const struct load *load,
                  const struct target_place *place, const volatile sig_atomic_t *stop_asked,
                  struct target **ret_target, struct error *err)
{
    struct recipe_place at = { .suite = suite,
                               .variant = variant,
                               .place = place,
                               .workload = workload->name,
                               .load = load->name };
    struct workload own = target_workload(suite, variant, workload);
    struct target *t = calloc(1, sizeof(*t));
    bool again = true;

    BUG_IF(variant->target->process_count == 0);
    if (t == NULL)
        return error_set(err, ENOMEM, "start the target");
    t->grace_ns = variant->target->grace_ns;
    if (!arena_map(&t->arena, RECIPE_BYTES, err)) {
        free(t);
        return false;
    }
    if (recipe_wants_sockets(variant->target)) {
        again = sockets_make(t->sockets, err);
        at.sockets = t->sockets;
    }
    for (int i = 0; again && i < START_TRIES; i++) {
        again = false;
        if (start_once(t, &at, &own, stop_asked, &again, err)) {
            *ret_target = t;
            return true;
        }
    }
    target_free(t);
    return false;
}

/* ---- while it runs, and its end ---- */

const struct addr *target_addresses(const struct target *target, size_t *ret_count)
{
    *ret_count = target->address_count;
    return target->addresses;
}

int32_t target_guardian(const struct target *target)
{
    return target->guardian.pid;
}

int64_t target_ready_ns(const struct target *target)
{
    return target->ready_ns;
}

uint64_t target_probes(const struct target *target)
{
    return target->probes;
}

size_t target_service_names(const struct target *target, struct slice *ret_names, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < target->recipe.process_count && count < max; i++)
        if (target->recipe.processes[i].role == PROCESS_SERVICE)
            ret_names[count++] = target->recipe.processes[i].name;
    return count;
}

size_t target_service_leaders(struct target *target, struct target_leader *ret_leaders)
{
    size_t count = 0, service = 0;

    for (size_t i = 0; i < target->recipe.process_count; i++) {
        const struct recipe_process *process = &target->recipe.processes[i];

        if (process->role != PROCESS_SERVICE)
            continue;
        for (size_t k = 0; k < process->instances; k++) {
            int32_t pid = guardian_leader(&target->guardian, process->first_order + k);

            if (pid > 0 && count < TARGET_LEADERS_MAX)
                ret_leaders[count++] = (struct target_leader){ pid, service };
        }
        service++;
    }
    return count;
}

static struct slice name_of_order(const struct recipe *recipe, size_t order)
{
    size_t i = 0;

    while (i + 1 < recipe->process_count && recipe->processes[i + 1].first_order <= order)
        i++;
    return recipe->processes[i].name;
}

bool target_alive(struct target *target, int64_t patience_ns, struct error *err)
{
    struct guardian_event event;
    char text[GUARDIAN_TEXT_MAX];
    struct slice name;

    if (!target->ended) {
        switch (guardian_poll(&target->guardian, patience_ns, &event)) {
        case GUARDIAN_QUIET:
            return true;
        case GUARDIAN_GONE:
            error_set(&target->end, 0,
                      "the guardian of the target has ended, and the target with it");
            break;
        case GUARDIAN_REFUSED:
        case GUARDIAN_EXITED:
            name = name_of_order(&target->recipe, event.order);
            error_set(&target->end, 0, "%.*s (pid %d) %s", (int)name.len, name.ptr, event.pid,
                      guardian_status_text(event.status, text));
            break;
        }
        target->ended = true;
    }
    *err = target->end;
    return false;
}

bool target_stop(struct target *target, struct error *err)
{
    bool good = guardian_stop(&target->guardian, target->grace_ns, err);

    target_free(target);
    return good;
}
