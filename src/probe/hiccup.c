#include "probe/hiccup.h"

#include <math.h>

struct hiccup_found hiccup_unknown(void)
{
    return (struct hiccup_found){ -1, -1, -1, -1, -1, -1, -1, (double)NAN };
}
