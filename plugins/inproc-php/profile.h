/* inproc-php/profile.h -- what one request makes PHP do: calls, different functions, allocations.
 *
 * Calls are what the Zend engine executes as such: functions and methods, of PHP and of its
 * extensions, the script itself, each file it includes, each resumption of a generator. What the
 * compiler turns into an instruction (strlen, isset, ...) is no call, in PHP as it is deployed
 * neither. Allocations are blocks asked of the request's heap, from the request's startup until the
 * script has ended. All hooks are off but for the one request: the timed ones do not pay. */
#pragma once

#include <stdint.h>

#include "inproc-php/php_api.h"

struct profile {
    int64_t calls, allocations; /* allocations: -1 where PHP runs on a heap that is not its own */
    HashTable functions;        /* by a name that tells them apart; a set */
};

/* In this order, around and within the request. */
void profile_begin(struct profile *profile);
void profile_compile_anew(
    void); /* the request has started: OPcache gives way, its code bypasses us */
void profile_allocations_end(struct profile *profile);
void profile_end(struct profile *profile); /* calls and allocations are final; release it */

void profile_release(struct profile *profile);
