#include "run/prepare.h"

#include <math.h>

#include "base/clock.h"
#include "run/cache.h"
#include "run/cores.h"
#include "target/command.h"

/* Where its files go, and on which CPUs it runs; or that there are too few of these. */
static void place(struct session *s, const char *folder, const struct variant *variant,
                  struct prepared *p)
{
    char name[CACHE_NAME_MAX];
    struct error why;

    *p = (struct prepared){ .places = s->places };
    if (!cores_places(&s->places, variant, &p->places, &why))
        p->not_built = arena_format(&s->arena, "%s", why.text);
    cache_name(variant->name, name);
    p->place = (struct target_place){
        .folder = arena_format(&s->arena, "%s/%s", folder, name),
        .output = arena_format(&s->arena, "%s/%s.output", folder, name),
        .cpus = p->places.server,
        .cpu_count = p->places.server_count,
    };
}

static void prepare(struct session *s, const struct variant *variant,
                    const struct command_waiter *waiter, struct prepared *p)
{
    char text[512];
    struct error why;
    int64_t build_ns = -1;

    p->build_ms = (double)NAN;
    p->shipped_bytes = p->image_bytes = -1;
    p->version = "";
    if (p->not_built != NULL)
        return;
    if (!target_installed(variant->target, text, sizeof(text))) {
        p->not_built = arena_format(&s->arena, "not installed: apt-get install %s", text);
        return;
    }
    if (!target_build(s->suite, variant, &p->place, waiter, &build_ns, &why)) {
        p->not_built = arena_format(&s->arena, "%s", why.text);
        return;
    }
    if (build_ns >= 0)
        p->build_ms = (double)build_ns / 1e6;
    p->shipped_bytes = target_shipped_bytes(s->suite, variant, &p->place);
    p->image_bytes = target_image_bytes(s->suite, variant, &p->place, waiter);
    target_version(s->suite, variant, &p->place, text, sizeof(text));
    p->version = arena_format(&s->arena, "%s", text);
}

/* ---- all of them ---- */

/* Of one variant, while it is being built. */
struct building {
    const struct observer *observer;
    struct trial_record *record; /* its name */
    struct mono begin;
};

static void tell(void *context)
{
    const struct building *b = context;
    struct progress progress = { .phase = PROGRESS_BUILD,
                                 .record = b->record,
                                 .elapsed_ns = mono_diff_ns(b->begin, mono_now()),
                                 .server_cpus = -1,
                                 .client_cpus = -1,
                                 .server_rss_bytes = -1 };

    b->observer->progress(b->observer->context, &progress);
}

static void prepare_and_tell(struct session *s, const struct variant *variant,
                             const struct observer *observer, struct prepared *p)
{
    struct error ignored;
    struct building b = { observer, trial_record_new(4096, &ignored), mono_now() };
    struct command_waiter waiter = { .stop_asked = s->options.stop_asked, .context = &b };

    if (observer != NULL && b.record != NULL) {
        b.record->target = arena_text(&b.record->arena, variant->name.ptr, variant->name.len);
        waiter.still = tell;
        tell(&b);
    }
    prepare(s, variant, &waiter, p);
    trial_record_free(b.record);
}

struct prepared *prepare_all(struct session *session, const char *folder,
                             const struct observer *observer)
{
    const volatile sig_atomic_t *stop_asked = session->options.stop_asked;
    struct prepared *all = arena_new(&session->arena, struct prepared, session->variant_count);

    for (size_t i = 0; i < session->variant_count; i++) {
        place(session, folder, &session->variants[i], &all[i]);
        if (stop_asked == NULL || *stop_asked == 0)
            prepare_and_tell(session, &session->variants[i], observer, &all[i]);
    }
    return all;
}
