/* plugins/inproc-php/runner_php.c -- the in-process runner for PHP: a script, by the embed SAPI.
 *
 * No memory of its own account: PHP throws a request's heap away when the request ends, so that
 * heap cannot grow from request to request. What can (extensions, OPcache) shows in the resident
 * set, which is taken instead. */
#include <stdio.h>
#include <string.h>

#include "inproc-php/host.h"
#include "inproc-php/profile.h"
#include "runner/answer.h"
#include "runner/runner.h"

static const struct runner_case *first_case;

static bool refuse(char *ret_error, const char *what, const char *remedy)
{
    snprintf(ret_error, RUNNER_TEXT_MAX, "%s: %s", what, remedy);
    return false;
}

static bool php_open(const struct runner_spec *spec, struct runner_facts *ret_facts,
                     char *ret_error)
{
    if (spec->interface[0] != '\0')
        return refuse(ret_error, spec->interface,
                      "that is an interface of Python; PHP has one, leave it away");
    if (strcmp(spec->gc, "on") != 0 && strcmp(spec->gc, "off") != 0)
        return refuse(ret_error, spec->gc, "PHP's garbage collector can be 'on' or 'off'");
    first_case = &spec->cases[0];
    return host_start(spec, ret_facts, ret_error);
}

static bool php_answer(const struct runner_case *one, size_t index, struct answer *ret_answer,
                       char *ret_error)
{
    return host_ask(one, index, NULL, ret_answer, ret_error);
}

/* A wrong answer is told together with what PHP knows about it. */
static bool judge(const struct runner_case *one, const struct answer *answer, char *ret_error)
{
    size_t written;

    if (answer_check(one, answer, ret_error))
        return true;
    written = strlen(ret_error);
    if (host_last_error()[0] != '\0')
        snprintf(ret_error + written, RUNNER_TEXT_MAX - written, "; PHP says: %s",
                 host_last_error());
    return false;
}

static bool php_call(const struct runner_case *one, size_t index, char *ret_error)
{
    struct answer answer;

    return host_ask(one, index, NULL, &answer, ret_error) && judge(one, &answer, ret_error);
}

static bool php_profile(struct runner_profile *ret_profile, char *ret_error)
{
    struct profile profile;
    struct answer answer;
    bool right = host_ask(first_case, 0, &profile, &answer, ret_error) &&
                 judge(first_case, &answer, ret_error);

    ret_profile->tcalls = profile.calls;
    ret_profile->funcs = zend_hash_num_elements(&profile.functions);
    ret_profile->allocations = profile.allocations;
    profile_release(&profile);
    return right;
}

int main(void)
{
    static const struct runner_ops ops = { .open = php_open,
                                           .answer = php_answer,
                                           .call = php_call,
                                           .profile = php_profile,
                                           .close = host_stop };

    return runner_main(&ops);
}
