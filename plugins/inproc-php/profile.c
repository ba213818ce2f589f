#include "inproc-php/profile.h"

#include <stdio.h>

#define NAME_BYTES 1024

/* The engine's hooks have no argument of ours; one request at a time. */
static struct profile *current;

/* ---- calls ---- */

static const char *text_of(const zend_string *string)
{
    return string != NULL ? ZSTR_VAL(string) : "";
}

/* Addresses would not do: an included file's code is freed, and its place used again. Closures have
 * no name of their own, hence the lines. */
static void count_call(const zend_function *function)
{
    const zend_class_entry *scope = function->common.scope;
    char name[NAME_BYTES];
    int length =
        snprintf(name, sizeof(name), "%.300s::%.300s", scope != NULL ? text_of(scope->name) : "",
                 text_of(function->common.function_name));

    if (function->type == ZEND_USER_FUNCTION)
        length += snprintf(name + length, sizeof(name) - (size_t)length, " %u %u %.300s",
                           function->op_array.line_start, function->op_array.line_end,
                           text_of(function->op_array.filename));
    current->calls++;
    zend_hash_str_add_empty_element(&current->functions, name, (size_t)length);
}

static void execute_counting(zend_execute_data *call)
{
    count_call(call->func);
    execute_ex(call);
}

static void execute_internal_counting(zend_execute_data *call, zval *ret_value)
{
    count_call(call->func);
    execute_internal(call, ret_value);
}

/* ---- allocations ---- */

static void count_heap(bool on);

static void *take_counting(size_t bytes)
{
    void *block;

    current->allocations++;
    count_heap(false);
    block = emalloc(bytes);
    count_heap(true);
    return block;
}

static void give_back(void *block)
{
    count_heap(false);
    efree(block);
    count_heap(true);
}

static void *resize(void *block, size_t bytes)
{
    void *resized;

    if (block == NULL)
        return take_counting(bytes);
    count_heap(false);
    resized = erealloc(block, bytes);
    count_heap(true);
    return resized;
}

/* PHP's heap stays, and has a guard at its door: the guard steps aside for each of its own calls.
 */
static void count_heap(bool on)
{
    if (on)
        zend_mm_set_custom_handlers(zend_mm_get_heap(), take_counting, give_back, resize);
    else
        zend_mm_set_custom_handlers(zend_mm_get_heap(), NULL, NULL, NULL);
}

/* ---- from outside ---- */

void profile_begin(struct profile *profile)
{
    current = profile;
    profile->calls = 0;
    /* USE_ZEND_ALLOC=0 has put malloc() in its place, by the same means as ours. */
    profile->allocations = is_zend_mm() ? 0 : -1;
    zend_hash_init(&profile->functions, 64, NULL, NULL, true);
    zend_execute_ex = execute_counting;
    zend_execute_internal = execute_internal_counting;
    if (profile->allocations == 0)
        count_heap(true);
}

void profile_compile_anew(void)
{
    bool counting = current->allocations >= 0;
    zend_string *name;

    if (zend_get_extension("Zend OPcache") == NULL)
        return;
    if (counting)
        count_heap(false);
    name = zend_string_init("opcache.enable", strlen("opcache.enable"), false);
    zend_alter_ini_entry_chars(name, "0", 1, PHP_INI_USER, PHP_INI_STAGE_RUNTIME);
    zend_string_release(name);
    if (counting)
        count_heap(true);
}

void profile_allocations_end(struct profile *profile)
{
    if (profile->allocations >= 0)
        count_heap(false);
}

void profile_end(struct profile *profile)
{
    (void)profile;
    zend_execute_ex = execute_ex;
    zend_execute_internal = NULL;
    current = NULL;
}

void profile_release(struct profile *profile)
{
    zend_hash_destroy(&profile->functions);
}
