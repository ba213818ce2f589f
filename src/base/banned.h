/* base/banned.h -- functions that we never call, as compile errors. Included before every file. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

/* Headers of others may name what follows (PHP's do): then they come first. */
#ifdef ASSAY_BEFORE_BANNED
#include ASSAY_BEFORE_BANNED
#endif

/* With clang, fortified stdio.h makes macros of these two. */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets atoi atol atoll atof gmtime \
    localtime ctime asctime gettimeofday strtok
