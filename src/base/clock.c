#include "base/clock.h"

struct wall wall_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (struct wall){ (int64_t)ts.tv_sec * SECOND_NS + ts.tv_nsec };
}

void wall_text(struct wall moment, char *ret_text)
{
    time_t seconds = (time_t)(moment.ns / SECOND_NS);
    struct tm utc;

    gmtime_r(&seconds, &utc);
    if (strftime(ret_text, WALL_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        ret_text[0] = '\0';
}
