/* tests/fuzz/fuzz.h -- what every fuzzer defines: reads one input, aborts where a promise is
 * broken.
 *
 * replay_main.c calls it with the files of the corpus, libFuzzer with what it makes up. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
