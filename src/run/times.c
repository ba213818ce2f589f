#include "run/times.h"

#include <stdio.h>
#include <unistd.h>

#define KEY_MAX   4096
#define DRAFT_MAX 4500

static const char *key_text(const struct times_key *key, char *ret_text)
{
    snprintf(ret_text, KEY_MAX, "%.*s / %.*s / %.*s / %lld", (int)key->variant.len,
             key->variant.ptr, (int)key->workload.len, key->workload.ptr, (int)key->load.len,
             key->load.ptr, (long long)key->guess_ns);
    return ret_text;
}

json_t *times_read(const char *path)
{
    json_t *times = json_load_file(path, 0, NULL);

    if (json_is_object(times))
        return times;
    json_decref(times);
    return json_object();
}

int64_t times_of(const json_t *times, const struct times_key *key)
{
    char text[KEY_MAX];
    const json_t *took = json_object_get(times, key_text(key, text));

    return json_is_integer(took) ? (int64_t)json_integer_value(took) : -1;
}

void times_note(json_t *times, const struct times_key *key, int64_t took_ns)
{
    char text[KEY_MAX];

    json_object_set_new(times, key_text(key, text), json_integer((json_int_t)took_ns));
}

void times_write(json_t *times, const char *path)
{
    json_t *all = times_read(path);
    char draft[DRAFT_MAX];

    snprintf(draft, sizeof(draft), "%s.%d", path, (int)getpid());
    json_object_update(all, times);
    if (json_dump_file(all, draft, JSON_INDENT(1)) < 0 || rename(draft, path) < 0)
        unlink(draft);
    json_decref(all);
}
