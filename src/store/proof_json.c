#include "store/record_priv.h"

static json_t *two_json(const double *figures)
{
    json_t *array = json_array();

    for (int i = 0; i < 2; i++)
        json_add(&array, isfinite(figures[i]) ? json_real(figures[i]) : json_null());
    return array;
}

static void get_two(const struct json_get *g, const char *key, double *ret_figures)
{
    const json_t *array = json_get_array(g, key, 2);

    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);

        if (json_is_number(item))
            ret_figures[i] = json_number_value(item);
        else if (!json_is_null(item))
            json_get_fail(g, key, "an array of numbers");
    }
}

static json_t *elasticity_json(const struct proof_elasticity *e)
{
    struct json_put p;

    if (e->state == ELASTICITY_NONE)
        return json_null();
    p = json_put_begin();
    json_put(&p, "state", json_string(elasticity_state_name(e->state)));
    json_put_some(&p, "burn_ns", (uint64_t)e->burn_ns);
    json_put_real(&p, "work_share", e->work_share);
    json_put_count(&p, "rounds", e->rounds);
    json_put_real(&p, "without_per_sec", e->without_per_sec);
    json_put_real(&p, "with_per_sec", e->with_per_sec);
    json_put_real(&p, "change_share", e->change_share);
    json_put_real(&p, "noise_share", e->noise_share);
    json_put_real(&p, "elasticity", e->elasticity);
    return json_put_end(&p);
}

static void get_elasticity(const struct json_get *g, struct proof_elasticity *e)
{
    if (!elasticity_state_named(json_get_word(g, "state"), &e->state))
        json_get_fail(g, "state", "one of the words of the schema");
    e->burn_ns = (int64_t)json_get_some(g, "burn_ns", INT64_MAX);
    e->work_share = json_get_real(g, "work_share");
    e->rounds = (uint32_t)json_get_count(g, "rounds", UINT32_MAX);
    e->without_per_sec = json_get_real(g, "without_per_sec");
    e->with_per_sec = json_get_real(g, "with_per_sec");
    e->change_share = json_get_real(g, "change_share");
    e->noise_share = json_get_real(g, "noise_share");
    e->elasticity = json_get_real(g, "elasticity");
}

static json_t *leak_json(const struct proof_leak *leak)
{
    struct json_put p;

    if (leak->state == LEAK_PROOF_NONE)
        return json_null();
    p = json_put_begin();
    json_put(&p, "state", json_string(leak_proof_state_name(leak->state)));
    json_put_real(&p, "duration_s", leak->duration_s);
    json_put(&p, "rates_per_sec", two_json(leak->rate_per_sec));
    json_put(&p, "bytes_per_request", two_json(leak->bytes_per_request));
    return json_put_end(&p);
}

static void get_leak(const struct json_get *g, struct proof_leak *leak)
{
    if (!leak_proof_state_named(json_get_word(g, "state"), &leak->state))
        json_get_fail(g, "state", "one of the words of the schema");
    leak->duration_s = json_get_real(g, "duration_s");
    get_two(g, "rates_per_sec", leak->rate_per_sec);
    get_two(g, "bytes_per_request", leak->bytes_per_request);
}

json_t *proof_json(const struct proof *proof)
{
    struct json_put p;

    if (proof->elasticity.state == ELASTICITY_NONE && proof->leak.state == LEAK_PROOF_NONE)
        return json_null();
    p = json_put_begin();
    json_put(&p, "elasticity", elasticity_json(&proof->elasticity));
    json_put(&p, "leak", leak_json(&proof->leak));
    return json_put_end(&p);
}

struct proof proof_get(const struct json_get *g, const char *key)
{
    struct json_get p = json_get_optional(g, key);
    struct json_get elasticity = json_get_optional(&p, "elasticity");
    struct json_get leak = json_get_optional(&p, "leak");
    struct proof proof = proof_none();

    if (elasticity.object != NULL)
        get_elasticity(&elasticity, &proof.elasticity);
    if (leak.object != NULL)
        get_leak(&leak, &proof.leak);
    return proof;
}
