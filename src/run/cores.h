/* run/cores.h -- on which CPUs a variant with the factor `cores` runs. Pure.
 *
 * It gets the first ones of those that targets get, and the generator's own only when these do not
 * suffice: then both share them, and the record says so. More than there are cannot be given; a
 * figure with fewer would stand under a wrong name, so such a variant is not measured at all. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "run/trial.h"

/* `all` is where generator and targets run. A variant without the factor runs there too. False:
 * there are too few, `err` says how many. */
bool cores_places(const struct places *all, const struct variant *variant,
                  struct places *ret_places, struct error *err);
