#include "suite/raw_priv.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdio.h>

#include "suite/shape_priv.h"
#include "suite/suite.h"

/* How many there may be of what suite.h does not limit. */
#define PRESETS_MAX   32
#define PACKAGES_MAX  256
#define ENV_MAX       128
#define PROCESSES_MAX 16
#define VALUES_MAX    64
#define SHIPPED_MAX   256
#define TEXTS_MAX     STAGES_MAX /* of stages: one text is one of them at least */

#define REQUIRED CYAML_FLAG_POINTER
#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

/* Each key is called like the struct's member. */
#define TEXT_KEY(need, type, key) CYAML_FIELD_STRING_PTR(#key, need, type, key, 0, CYAML_UNLIMITED)
#define LIST_KEY(need, type, key, entry, max) \
    CYAML_FIELD_SEQUENCE(#key, need, type, key, &(entry), 1, max)
#define MAPPING_KEY(need, type, key, fields) CYAML_FIELD_MAPPING_PTR(#key, need, type, key, fields)
#define ENTRY(name, type, fields)                                                            \
    static const cyaml_schema_value_t name = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, type, \
                                                                   fields) }

static const cyaml_schema_value_t text_entry = { CYAML_VALUE_STRING(REQUIRED, char, 0,
                                                                    CYAML_UNLIMITED) };

static const cyaml_strval_t models[] = {
    {"closed",  LOAD_CLOSED},
    { "open",   LOAD_OPEN  },
    { "inproc", LOAD_INPROC}
};
static const cyaml_strval_t roles[] = {
    {"front",    PROCESS_FRONT  },
    { "service", PROCESS_SERVICE}
};
static const cyaml_strval_t arrivals[] = {
    {"even",     PACER_EVEN   },
    { "poisson", PACER_POISSON}
};

#define EXPECT_KEYS                                                                       \
    TEXT_KEY(OPTIONAL, struct raw_expect, status),                                        \
        TEXT_KEY(OPTIONAL, struct raw_expect, content_type),                              \
        LIST_KEY(OPTIONAL, struct raw_expect, headers, text_entry, WORKLOAD_HEADERS_MAX), \
        TEXT_KEY(OPTIONAL, struct raw_expect, body),                                      \
        TEXT_KEY(OPTIONAL, struct raw_expect, body_file),                                 \
        TEXT_KEY(OPTIONAL, struct raw_expect, json),                                      \
        CYAML_FIELD_BOOL("any_body", CYAML_FLAG_OPTIONAL, struct raw_expect, any_body),   \
        CYAML_FIELD_END

static const cyaml_schema_field_t expect_fields[] = { EXPECT_KEYS };

static const cyaml_schema_field_t target_expect_fields[] = {
    TEXT_KEY(REQUIRED, struct raw_expect, workload),
    EXPECT_KEYS,
};
ENTRY(target_expect, struct raw_expect, target_expect_fields);

static const cyaml_schema_field_t workload_fields[] = {
    TEXT_KEY(REQUIRED, struct raw_workload, name),
    TEXT_KEY(OPTIONAL, struct raw_workload, method),
    TEXT_KEY(REQUIRED, struct raw_workload, path),
    LIST_KEY(OPTIONAL, struct raw_workload, headers, text_entry, WORKLOAD_HEADERS_MAX),
    TEXT_KEY(OPTIONAL, struct raw_workload, body),
    TEXT_KEY(OPTIONAL, struct raw_workload, body_file),
    MAPPING_KEY(OPTIONAL, struct raw_workload, expect, expect_fields),
    TEXT_KEY(OPTIONAL, struct raw_workload, verify),
    CYAML_FIELD_END,
};
ENTRY(workload_entry, struct raw_workload, workload_fields);

static const cyaml_schema_field_t load_fields[] = {
    TEXT_KEY(REQUIRED, struct raw_load, name),
    CYAML_FIELD_ENUM_PTR("model", OPTIONAL | CYAML_FLAG_STRICT, struct raw_load, model, models,
                         CYAML_ARRAY_LEN(models)),
    TEXT_KEY(OPTIONAL, struct raw_load, connections),
    TEXT_KEY(OPTIONAL, struct raw_load, threads),
    TEXT_KEY(OPTIONAL, struct raw_load, rate),
    CYAML_FIELD_ENUM_PTR("arrivals", OPTIONAL | CYAML_FLAG_STRICT, struct raw_load, arrivals,
                         arrivals, CYAML_ARRAY_LEN(arrivals)),
    TEXT_KEY(OPTIONAL, struct raw_load, duration),
    TEXT_KEY(OPTIONAL, struct raw_load, requests),
    TEXT_KEY(OPTIONAL, struct raw_load, warmup),
    TEXT_KEY(OPTIONAL, struct raw_load, timeout),
    CYAML_FIELD_BOOL_PTR("keepalive", OPTIONAL, struct raw_load, keepalive),
    LIST_KEY(OPTIONAL, struct raw_load, stages, text_entry, TEXTS_MAX),
    TEXT_KEY(OPTIONAL, struct raw_load, of),
    CYAML_FIELD_BOOL("preset_only", CYAML_FLAG_OPTIONAL, struct raw_load, preset_only),
    CYAML_FIELD_END,
};
ENTRY(load_entry, struct raw_load, load_fields);

static const cyaml_schema_field_t preset_fields[] = {
    TEXT_KEY(REQUIRED, struct raw_preset, name),
    TEXT_KEY(OPTIONAL, struct raw_preset, blocks),
    TEXT_KEY(OPTIONAL, struct raw_preset, duration),
    TEXT_KEY(OPTIONAL, struct raw_preset, requests),
    TEXT_KEY(OPTIONAL, struct raw_preset, warmup),
    LIST_KEY(OPTIONAL, struct raw_preset, loads, text_entry, SUITE_LOADS_MAX),
    LIST_KEY(OPTIONAL, struct raw_preset, workloads, text_entry, SUITE_WORKLOADS_MAX),
    LIST_KEY(OPTIONAL, struct raw_preset, targets, text_entry, SUITE_TARGETS_MAX),
    CYAML_FIELD_END,
};
ENTRY(preset_entry, struct raw_preset, preset_fields);

static const cyaml_schema_field_t factor_fields[] = {
    TEXT_KEY(REQUIRED, struct raw_factor, name),
    LIST_KEY(REQUIRED, struct raw_factor, values, text_entry, VALUES_MAX),
    CYAML_FIELD_END,
};
ENTRY(factor_entry, struct raw_factor, factor_fields);

static const cyaml_schema_field_t process_fields[] = {
    TEXT_KEY(REQUIRED, struct raw_process, name),
    TEXT_KEY(REQUIRED, struct raw_process, start),
    TEXT_KEY(OPTIONAL, struct raw_process, instances),
    TEXT_KEY(OPTIONAL, struct raw_process, ready),
    TEXT_KEY(OPTIONAL, struct raw_process, after),
    CYAML_FIELD_ENUM_PTR("role", OPTIONAL | CYAML_FLAG_STRICT, struct raw_process, role, roles,
                         CYAML_ARRAY_LEN(roles)),
    CYAML_FIELD_END,
};
ENTRY(process_entry, struct raw_process, process_fields);

static const cyaml_schema_field_t inproc_fields[] = {
    TEXT_KEY(REQUIRED, struct raw_inproc, runtime),
    TEXT_KEY(REQUIRED, struct raw_inproc, app),
    TEXT_KEY(OPTIONAL, struct raw_inproc, interface),
    TEXT_KEY(OPTIONAL, struct raw_inproc, gc),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t ship_fields[] = {
    LIST_KEY(OPTIONAL, struct raw_ship, files, text_entry, SHIPPED_MAX),
    LIST_KEY(OPTIONAL, struct raw_ship, packages, text_entry, SHIPPED_MAX),
    TEXT_KEY(OPTIONAL, struct raw_ship, image),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t target_fields[] = {
    TEXT_KEY(REQUIRED, struct raw_target, name),
    TEXT_KEY(OPTIONAL, struct raw_target, title),
    TEXT_KEY(OPTIONAL, struct raw_target, language),
    TEXT_KEY(OPTIONAL, struct raw_target, directory),
    LIST_KEY(OPTIONAL, struct raw_target, packages, text_entry, PACKAGES_MAX),
    TEXT_KEY(OPTIONAL, struct raw_target, build),
    TEXT_KEY(OPTIONAL, struct raw_target, version),
    TEXT_KEY(OPTIONAL, struct raw_target, start),
    TEXT_KEY(OPTIONAL, struct raw_target, instances),
    TEXT_KEY(OPTIONAL, struct raw_target, address),
    LIST_KEY(OPTIONAL, struct raw_target, processes, process_entry, PROCESSES_MAX),
    LIST_KEY(OPTIONAL, struct raw_target, env, text_entry, ENV_MAX),
    LIST_KEY(OPTIONAL, struct raw_target, factors, factor_entry, SUITE_FACTORS_MAX),
    LIST_KEY(OPTIONAL, struct raw_target, expects, target_expect, SUITE_WORKLOADS_MAX),
    MAPPING_KEY(OPTIONAL, struct raw_target, inproc, inproc_fields),
    TEXT_KEY(OPTIONAL, struct raw_target, application),
    MAPPING_KEY(OPTIONAL, struct raw_target, ship, ship_fields),
    TEXT_KEY(OPTIONAL, struct raw_target, ready_timeout),
    TEXT_KEY(OPTIONAL, struct raw_target, grace),
    CYAML_FIELD_BOOL("ceiling", CYAML_FLAG_OPTIONAL, struct raw_target, ceiling),
    LIST_KEY(OPTIONAL, struct raw_target, workloads, text_entry, SUITE_WORKLOADS_MAX),
    LIST_KEY(OPTIONAL, struct raw_target, loads, text_entry, SUITE_LOADS_MAX),
    CYAML_FIELD_END,
};
ENTRY(target_entry, struct raw_target, target_fields);

static const cyaml_schema_field_t suite_fields[] = {
    TEXT_KEY(REQUIRED, struct raw_suite, suite),
    TEXT_KEY(OPTIONAL, struct raw_suite, title),
    TEXT_KEY(OPTIONAL, struct raw_suite, blocks),
    CYAML_FIELD_BOOL_PTR("control", OPTIONAL, struct raw_suite, control),
    TEXT_KEY(OPTIONAL, struct raw_suite, published),
    LIST_KEY(OPTIONAL, struct raw_suite, factors, factor_entry, SUITE_FACTORS_MAX),
    LIST_KEY(REQUIRED, struct raw_suite, workloads, workload_entry, SUITE_WORKLOADS_MAX),
    LIST_KEY(REQUIRED, struct raw_suite, loads, load_entry, SUITE_LOADS_MAX),
    LIST_KEY(OPTIONAL, struct raw_suite, presets, preset_entry, PRESETS_MAX),
    LIST_KEY(REQUIRED, struct raw_suite, targets, target_entry, SUITE_TARGETS_MAX),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER,
                                                                 struct raw_suite, suite_fields) };

/* Keeps what libcyaml has to say, as far as there is room. */
__attribute__((format(printf, 3, 0))) static void keep_log(cyaml_log_t level, void *ctx,
                                                           const char *fmt, va_list args)
{
    struct text *log = ctx;
    char line[200];
    int len = vsnprintf(line, sizeof(line), fmt, args);

    (void)level;
    if (len < 0)
        return;
    for (char *c = line; *c != '\0'; c++)
        if (*c == '\n')
            *c = ' ';
    text_add(log, slice_of(line));
}

static cyaml_config_t config_with(struct text *log)
{
    return (cyaml_config_t){
        .log_fn = keep_log,
        .log_ctx = log,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_ERROR,
        .flags = CYAML_CFG_NO_ALIAS,
    };
}

bool raw_load(struct slice text, const struct node *root, struct raw_suite **ret_raw,
              struct error *err)
{
    char said[1000] = "";
    struct text log = TEXT(said);
    cyaml_config_t config = config_with(&log);
    cyaml_data_t *raw = NULL;
    cyaml_err_t result;

    if (!shape_check(root, &schema, err))
        return false;
    result = cyaml_load_data((const uint8_t *)text.ptr, text.len, &config, &schema, &raw, NULL);
    if (result == CYAML_ERR_OOM)
        return error_set(err, ENOMEM, "read %s", root->file);
    /* The check above leaves libcyaml nothing to refuse; should the two ever differ, it has its
     * say. */
    if (result != CYAML_OK)
        return node_error(root, err, "libcyaml: %s: %s", cyaml_strerror(result), said);
    *ret_raw = raw;
    return true;
}

void raw_free(struct raw_suite *raw)
{
    char said[1];
    struct text log = TEXT(said);
    cyaml_config_t config = config_with(&log);

    cyaml_free(&config, &schema, raw, 0);
}
