#include "suite/suite_priv.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/bug.h"
#include "net/addr.h"

#define READY_TIMEOUT_NS (30 * SECOND_NS)
/* Who gives the same wrong answer that long is wrong, not slow, unless the suite says how long it
 * may take. A front end that was asked before its back end was there may say 502 for 10 s (nginx's
 * fail_timeout). */
#define READY_WRONG_NS (15 * SECOND_NS)
#define GRACE_NS       (5 * SECOND_NS)
#define WAIT_MAX_NS    (3600 * SECOND_NS)

/* A target being read. Its placeholders can be checked only once all its factors are known. */
struct reading {
    struct suite *suite;
    const struct node *mapping;
    const struct raw_target *raw;
    struct suite_target *target;
};

/* ---- processes ---- */

/* The highest number of instances that this text can come to: it is a number, or a placeholder for
 * a factor whose values are numbers. 0 when it is neither. */
static uint64_t instances_most(const struct reading *r, struct slice text)
{
    const struct factor *factors[SUITE_FACTORS_MAX];
    size_t count = target_factors(r->suite, r->target, factors);
    size_t start, pos = 0;
    uint64_t most = 0, number;
    struct slice name;

    if (slice_u64(text, SUITE_INSTANCES_MAX, &number))
        return number;
    if (!placeholder_next(text, &pos, &start, &name) || start != 0 || pos != text.len)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (!slice_equal(factors[i]->name, name))
            continue;
        for (size_t j = 0; j < factors[i]->value_count; j++) {
            if (!slice_u64(factors[i]->values[j], SUITE_INSTANCES_MAX, &number) || number == 0)
                return 0;
            most = number > most ? number : most;
        }
        return most;
    }
    return slice_equal(name, SLICE("workers")) ? 1 : 0;
}

static bool instances_convert(const struct reading *r, const struct node *mapping, const char *raw,
                              struct slice *ret_instances, struct error *err)
{
    char quoted[QUOTE_MAX];

    *ret_instances = raw != NULL ? text_copy(r->suite, raw) : SLICE("1");
    if (instances_most(r, *ret_instances) == 0)
        return key_wrong(mapping, "instances", err,
                         "must be a whole number from 1 to %d, or a factor with such values, "
                         "{workers} for example, not '%s'",
                         SUITE_INSTANCES_MAX, quote(*ret_instances, quoted));
    return true;
}

static bool process_convert(const struct reading *r, const struct node *mapping,
                            const struct raw_process *raw, size_t index, struct error *err)
{
    struct suite_process *process = &r->target->processes[index];

    if (!word_check(mapping, "name", err) || !path_check(mapping, "ready", raw->ready, err))
        return false;
    process->name = text_copy(r->suite, raw->name);
    process->start = text_copy(r->suite, raw->start);
    process->ready = text_copy(r->suite, raw->ready);
    process->after = text_copy(r->suite, raw->after);
    if (raw->role != NULL)
        process->role = *raw->role;
    if (process->role == PROCESS_SERVICE && index + 1 == r->raw->processes_count)
        return key_wrong(mapping, "role", err,
                         "is service, but the last process is the front, which gets the load; put "
                         "the front behind it");
    if (!instances_convert(r, mapping, raw->instances, &process->instances, err))
        return false;
    if (raw->after != NULL &&
        !placeholders_check(r->suite, r->target, index, USE_RUN, node_get(mapping, "after"), err))
        return false;
    if (raw->ready != NULL &&
        !placeholders_check(r->suite, r->target, index, USE_RUN, node_get(mapping, "ready"), err))
        return false;
    return placeholders_check(r->suite, r->target, index, USE_RUN, node_get(mapping, "start"), err);
}

/* One process, called like the target. */
static bool start_convert(const struct reading *r, struct error *err)
{
    struct suite_process *process = arena_new(&r->suite->memory->arena, struct suite_process, 1);

    if (r->raw->start == NULL)
        return key_wrong(r->mapping, "start", err,
                         "is missing; write the command that starts it, with {port}, or a list of "
                         "processes");
    process->name = r->target->name;
    process->start = text_copy(r->suite, r->raw->start);
    r->target->processes = process;
    r->target->process_count = 1;
    if (!instances_convert(r, r->mapping, r->raw->instances, &process->instances, err))
        return false;
    return placeholders_check(r->suite, r->target, 0, USE_RUN, node_get(r->mapping, "start"), err);
}

/* ---- an application that is called ---- */

static bool choice_check(const struct node *node, const char *const *choices, struct error *err)
{
    char words[100], quoted[QUOTE_MAX];
    struct text text = TEXT(words);

    for (size_t i = 0; choices[i] != NULL; i++) {
        if (slice_equal(node->text, slice_of(choices[i])))
            return true;
        text_format(&text, "%s%s",
                    i == 0                   ? ""
                    : choices[i + 1] == NULL ? " or "
                                             : ", ",
                    choices[i]);
    }
    return node_wrong(node, err, "must be %s, not '%s'", words, quote(node->text, quoted));
}

/* A word, or a factor with such values: these are looked at when it is called. */
static bool gc_check(const struct reading *r, const struct node *gc, struct error *err)
{
    static const char *const words[] = { "on", "off", "frozen", NULL };
    size_t start, pos = 0;
    struct slice name;

    if (gc == NULL)
        return true;
    if (!placeholder_next(gc->text, &pos, &start, &name))
        return choice_check(gc, words, err);
    return placeholders_check(r->suite, r->target, 0, USE_BUILD, gc, err);
}

/* The runner refuses what it cannot do: an interface it has not. Whether a runtime's runner was
 * built is found when it is run. */
static bool inproc_convert(const struct reading *r, struct error *err)
{
    static const char *const not_beside[] = { "start", "processes", "instances", "address",
                                              "env",   "ceiling",   "expects" };
    static const char *const runtimes[] = { "cpython", "pypy", "php", "c", NULL };
    const struct node *mapping = node_get(r->mapping, "inproc");
    const struct raw_inproc *raw = r->raw->inproc;

    for (size_t i = 0; i < sizeof(not_beside) / sizeof(not_beside[0]); i++)
        if (node_get(r->mapping, not_beside[i]) != NULL)
            return key_wrong(r->mapping, not_beside[i], err,
                             "is given beside 'inproc': what is called is not started; leave one "
                             "out");
    r->target->inproc = (struct suite_inproc){
        .runtime = text_copy(r->suite, raw->runtime),
        .app = text_copy(r->suite, raw->app),
        .interface = text_copy(r->suite, raw->interface),
        .gc = text_copy(r->suite, raw->gc),
    };
    if (!choice_check(node_get(mapping, "runtime"), runtimes, err) ||
        !gc_check(r, node_get(mapping, "gc"), err))
        return false;
    return placeholders_check(r->suite, r->target, 0, USE_BUILD, node_get(mapping, "app"), err);
}

static bool processes_convert(const struct reading *r, struct error *err)
{
    unsigned count = r->raw->processes_count;
    const struct node *entry;

    if (r->raw->inproc != NULL)
        return inproc_convert(r, err);
    if (count == 0)
        return start_convert(r, err);
    if (r->raw->start != NULL)
        return key_wrong(r->mapping, "start", err, "is given beside 'processes'; leave one out");
    if (r->raw->instances != NULL)
        return key_wrong(r->mapping, "instances", err,
                         "is given beside 'processes'; give it to the process it is meant for");
    r->target->processes = arena_new(&r->suite->memory->arena, struct suite_process, count);
    entry = node_get(r->mapping, "processes")->first;
    for (unsigned i = 0; i < count; i++, entry = entry->next)
        if (!process_convert(r, entry, &r->raw->processes[i], i, err))
            return false;
    r->target->process_count = count;
    return true;
}

/* ---- where the load goes ---- */

static bool address_convert(const struct reading *r, struct error *err)
{
    const struct node *address = node_get(r->mapping, "address");
    size_t start, pos = 0;
    struct slice name, path;
    struct error reason;
    struct addr addr;

    if (address == NULL)
        return true;
    if (!slice_starts(address->text, SLICE("unix:")))
        return node_wrong(
            address, err,
            "must look like unix:PATH, for example unix:{socket}; without it the load "
            "goes to 127.0.0.1:{port}");
    path =
        (struct slice){ address->text.ptr + strlen("unix:"), address->text.len - strlen("unix:") };
    /* How long it gets by its placeholders is known when it starts. */
    if (!placeholder_next(path, &pos, &start, &name) && !addr_unix(path, &addr, &reason))
        return node_wrong(address, err, "is no address: %s", reason.text);
    r->target->address = text_copy(r->suite, r->raw->address);
    return placeholders_check(r->suite, r->target, r->target->process_count - 1, USE_RUN, address,
                              err);
}

/* ---- environment, packages, what is shipped ---- */

/* The length of NAME in "NAME=value", 0 when it does not look like that. */
static size_t env_name_len(struct slice text)
{
    size_t len = 0;

    while (len < text.len && text.ptr[len] != '=') {
        char c = text.ptr[len];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';

        if (!letter && !(len > 0 && c >= '0' && c <= '9'))
            return 0;
        len++;
    }
    return len < text.len ? len : 0;
}

static bool env_convert(const struct reading *r, struct error *err)
{
    const struct node *list = node_get(r->mapping, "env");
    char quoted[QUOTE_MAX];

    r->target->env = texts_copy(r->suite, r->raw->env, r->raw->env_count);
    r->target->env_count = r->raw->env_count;
    if (list == NULL)
        return true;
    for (const struct node *entry = list->first; entry != NULL; entry = entry->next) {
        struct slice name = { entry->text.ptr, env_name_len(entry->text) };

        if (name.len == 0)
            return node_wrong(entry, err, "must look like NAME=value, not '%s'",
                              quote(entry->text, quoted));
        for (const struct node *other = list->first; other != entry; other = other->next)
            if (slice_equal(name, (struct slice){ other->text.ptr, env_name_len(other->text) }))
                return node_wrong(entry, err, "sets %s a second time; leave one out",
                                  quote(name, quoted));
        if (!placeholders_check(r->suite, r->target, r->target->process_count - 1, USE_RUN, entry,
                                err))
            return false;
    }
    return true;
}

static bool packages_check(const struct node *mapping, struct error *err)
{
    const struct node *list = mapping != NULL ? node_get(mapping, "packages") : NULL;
    char quoted[QUOTE_MAX];

    if (list == NULL)
        return true;
    for (const struct node *entry = list->first; entry != NULL; entry = entry->next) {
        struct slice name = entry->text;
        bool good = name.len >= 2 && strchr("+-.", name.ptr[0]) == NULL;

        for (size_t i = 0; i < name.len; i++)
            good = good && strchr("abcdefghijklmnopqrstuvwxyz0123456789+-.", name.ptr[i]) != NULL;
        if (!good)
            return node_wrong(entry, err, "must be a Debian package's name, not '%s'",
                              quote(name, quoted));
    }
    return true;
}

static bool ship_convert(const struct reading *r, struct error *err)
{
    const struct node *mapping = node_get(r->mapping, "ship");
    const struct raw_ship *raw = r->raw->ship;
    const struct node *files;

    if (raw == NULL)
        return true;
    r->target->ship_files = texts_copy(r->suite, raw->files, raw->files_count);
    r->target->ship_file_count = raw->files_count;
    r->target->ship_packages = texts_copy(r->suite, raw->packages, raw->packages_count);
    r->target->ship_package_count = raw->packages_count;
    r->target->ship_image = text_copy(r->suite, raw->image);
    if (raw->image != NULL &&
        !placeholders_check(r->suite, r->target, 0, USE_BUILD, node_get(mapping, "image"), err))
        return false;
    files = node_get(mapping, "files");
    for (const struct node *entry = files != NULL ? files->first : NULL; entry != NULL;
         entry = entry->next)
        if (!placeholders_check(r->suite, r->target, 0, USE_BUILD, entry, err))
            return false;
    return packages_check(mapping, err);
}

/* ---- right answers of its own ---- */

static bool expects_convert(const struct reading *r, struct error *err)
{
    unsigned count = r->raw->expects_count;
    const struct node *entry = count > 0 ? node_get(r->mapping, "expects")->first : NULL;

    r->target->expects = arena_new(&r->suite->memory->arena, struct suite_expect, count);
    for (unsigned i = 0; i < count; i++, entry = entry->next) {
        struct suite_expect *own = &r->target->expects[i];
        const struct workload *workload;

        if (!refer(r->suite, node_get(entry, "workload"), "workload", workload_name,
                   r->suite->workload_count, &own->workload, err))
            return false;
        workload = &r->suite->workloads[own->workload];
        own->expect = workload->expect;
        if (!expect_convert(r->suite, entry, &r->raw->expects[i], &own->expect, err))
            return false;
        if (!nonces_check(workload, &own->expect, entry, err))
            return false;
    }
    r->target->expect_count = count;
    return true;
}

/* ---- the target ---- */

static bool directory_convert(const struct reading *r, struct error *err)
{
    const char *directory = r->raw->directory;
    char path[PATH_MAX];
    struct stat st;

    if (directory == NULL)
        return true;
    if (snprintf(path, sizeof(path), "%s/%s", r->suite->folder, directory) >= (int)sizeof(path))
        return key_wrong(r->mapping, "directory", err, "is too long for a folder's name");
    if (directory[0] == '/' || strstr(directory, "..") != NULL)
        return key_wrong(r->mapping, "directory", err,
                         "must be a folder below the suite's own, such as targets/%s",
                         r->raw->name);
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return key_wrong(r->mapping, "directory", err, "is no folder; it is looked for as %s",
                         path);
    r->target->directory = text_copy(r->suite, directory);
    return true;
}

static bool labels_convert(const struct reading *r, struct error *err)
{
    struct suite_target *target = r->target;

    if (!name_check(r->mapping, "name", err) || !label_check(r->mapping, "title", err) ||
        !label_check(r->mapping, "language", err) || !label_check(r->mapping, "application", err))
        return false;
    target->application = text_copy(r->suite, r->raw->application);
    target->name = text_copy(r->suite, r->raw->name);
    target->title = text_copy(r->suite, r->raw->title);
    target->language = text_copy(r->suite, r->raw->language);
    target->ceiling = r->raw->ceiling;
    target->line = r->mapping->place.line;
    return true;
}

/* Its own factors, and whether they are too many together with the suite's. */
static bool own_factors_convert(const struct reading *r, struct error *err)
{
    struct suite_target *target = r->target;
    size_t shared = 0;

    if (!factors_convert(r->suite, r->mapping, r->raw->factors, r->raw->factors_count,
                         &target->factors, &target->factor_count, err))
        return false;
    for (size_t i = 0; i < r->suite->factor_count; i++)
        for (size_t j = 0; j < target->factor_count; j++)
            shared += slice_equal(r->suite->factors[i].name, target->factors[j].name);
    if (r->suite->factor_count + target->factor_count - shared > SUITE_FACTORS_MAX)
        return key_wrong(r->mapping, "factors", err,
                         "are more than %d, with those of the suite; leave some out",
                         SUITE_FACTORS_MAX);
    return true;
}

static bool commands_convert(const struct reading *r, struct error *err)
{
    static const char *const keys[] = { "build", "version" };

    r->target->build = text_copy(r->suite, r->raw->build);
    r->target->version = text_copy(r->suite, r->raw->version);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct node *value = node_get(r->mapping, keys[i]);

        if (value != NULL && !placeholders_check(r->suite, r->target, 0, USE_BUILD, value, err))
            return false;
    }
    return true;
}

static bool waits_read(const struct reading *r, struct error *err)
{
    struct suite_target *target = r->target;

    target->ready_timeout_ns = READY_TIMEOUT_NS;
    target->grace_ns = GRACE_NS;
    if (!duration_read(r->mapping, "ready_timeout", r->raw->ready_timeout, MILLISECOND_NS,
                       WAIT_MAX_NS, &target->ready_timeout_ns, err))
        return false;
    target->ready_wrong_ns =
        r->raw->ready_timeout != NULL ? target->ready_timeout_ns : READY_WRONG_NS;
    return duration_read(r->mapping, "grace", r->raw->grace, 0, WAIT_MAX_NS, &target->grace_ns,
                         err);
}

/* Loads that drive a server and loads that call an application have targets of their own. */
static uint64_t fitting_loads(const struct suite *suite, bool inproc)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < suite->load_count; i++)
        mask |= (uint64_t)((suite->loads[i].model == LOAD_INPROC) == inproc) << i;
    return mask;
}

static bool loads_read(const struct reading *r, struct error *err)
{
    uint64_t fitting = fitting_loads(r->suite, r->raw->inproc != NULL);

    if (fitting == 0)
        return key_wrong(r->mapping, r->raw->inproc != NULL ? "inproc" : "start", err,
                         r->raw->inproc != NULL ? "needs a load with model: inproc; there is none"
                                                : "needs a load that is not model: inproc; there "
                                                  "is none");
    if (!mask_read(r->suite, r->mapping, "loads", "load", load_name, r->suite->load_count, fitting,
                   &r->target->loads_mask, err))
        return false;
    if ((r->target->loads_mask & ~fitting) != 0)
        return key_wrong(r->mapping, "loads", err,
                         "names a load of the other kind: model: inproc is for targets with "
                         "'inproc', and only for them");
    return shares_check(r->suite, r->mapping, r->target->loads_mask, err);
}

static bool target_convert(const struct reading *r, struct error *err)
{
    r->target->packages = texts_copy(r->suite, r->raw->packages, r->raw->packages_count);
    r->target->package_count = r->raw->packages_count;
    return labels_convert(r, err) && directory_convert(r, err) && packages_check(r->mapping, err) &&
           own_factors_convert(r, err) && commands_convert(r, err) && processes_convert(r, err) &&
           address_convert(r, err) && env_convert(r, err) && ship_convert(r, err) &&
           waits_read(r, err) &&
           mask_read(r->suite, r->mapping, "workloads", "workload", workload_name,
                     r->suite->workload_count, mask_all(r->suite->workload_count),
                     &r->target->workloads_mask, err) &&
           loads_read(r, err) && expects_convert(r, err);
}

/* An application is of one runtime: what a call costs on another says nothing of its server. */
static bool runtime_check(const struct reading *r, struct error *err)
{
    const struct suite_target *target = r->target;

    if (target->application.len == 0 || target->inproc.runtime.len == 0)
        return true;
    for (const struct suite_target *other = r->suite->targets; other < target; other++)
        if (slice_equal(other->application, target->application) && other->inproc.runtime.len > 0 &&
            !slice_equal(other->inproc.runtime, target->inproc.runtime))
            return key_wrong(r->mapping, "application", err,
                             "is called on %s in target '%s' and on %s here; give what runs on "
                             "another runtime a name of its own",
                             other->inproc.runtime.ptr, other->name.ptr,
                             target->inproc.runtime.ptr);
    return true;
}

bool targets_convert(struct suite *suite, const struct node *list, const struct raw_suite *raw,
                     struct error *err)
{
    const struct node *mapping = list->first;
    size_t variants = 0;

    suite->targets = arena_new(&suite->memory->arena, struct suite_target, raw->targets_count);
    for (unsigned i = 0; i < raw->targets_count; i++, mapping = mapping->next) {
        struct reading r = { suite, mapping, &raw->targets[i], &suite->targets[i] };

        if (!target_convert(&r, err) || !runtime_check(&r, err))
            return false;
        variants += variants_count(suite, r.target);
        if (variants > SUITE_VARIANTS_MAX)
            return node_error(mapping, err,
                              "with this target the suite has more than %d variants; take out "
                              "values of factors",
                              SUITE_VARIANTS_MAX);
    }
    suite->target_count = raw->targets_count;
    return true;
}
