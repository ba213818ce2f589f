#include <stdio.h>

#include "store/record_json.h"
#include "store/record_priv.h"

json_t *check_json(const struct check *check)
{
    struct json_put p = json_put_begin();

    json_put(&p, "id", json_string(check_name(check->id)));
    json_put(&p, "state", json_string(check_state_name(check->state)));
    json_put_real(&p, "value", check->value);
    json_put_real(&p, "limit", check->limit);
    json_put_text(&p, "unit", check->unit);
    json_put_text(&p, "text", check->text);
    json_put_text(&p, "remedy", check->remedy);
    return json_put_end(&p);
}

json_t *verdict_json(const struct verdict *verdict)
{
    struct json_put p;
    json_t *checks;

    if (verdict->count == 0)
        return json_null();
    p = json_put_begin();
    checks = json_array();
    for (size_t i = 0; i < verdict->count; i++) {
        json_add(&checks, check_json(&verdict->checks[i]));
    }
    json_put(&p, "overall", json_string(verdict_overall_name(verdict_overall(verdict))));
    json_put(&p, "checks", checks);
    return json_put_end(&p);
}

static void get_check(const struct json_get *g, struct check *check)
{
    if (!check_named(json_get_word(g, "id"), &check->id))
        json_get_fail(g, "id", "the name of a check");
    if (!check_state_named(json_get_word(g, "state"), &check->state))
        json_get_fail(g, "state", "one of the words of the schema");
    check->value = json_get_real(g, "value");
    check->limit = json_get_real(g, "limit");
    check->unit = json_get_text(g, "unit");
    /* Cut, not refused: a byte that was no text was written as four. */
    snprintf(check->text, sizeof(check->text), "%s", json_get_text(g, "text"));
    snprintf(check->remedy, sizeof(check->remedy), "%s", json_get_text(g, "remedy"));
}

void verdict_get(const struct json_get *g, const char *key, struct verdict *verdict)
{
    struct json_get v = json_get_optional(g, key);
    const json_t *array = json_get_array(&v, "checks", CHECK_KINDS);

    verdict->count = json_array_size(array);
    for (size_t i = 0; i < verdict->count; i++) {
        struct json_get check = json_get_item(&v, "checks", array, i);

        get_check(&check, &verdict->checks[i]);
    }
}
