#include "suite/node_priv.h"

/* Names longer than this are not compared: no key is, and the table below has to have a size. */
#define LENGTH_MAX 32

struct nearest nearest_to(struct slice wanted)
{
    /* About one slip for every three characters: with more, the suggestion says more about us than
     * about what was meant. */
    unsigned slips = wanted.len < 2 ? 0 : wanted.len < 6 ? 1 : wanted.len < 9 ? 2 : 3;

    return (struct nearest){ .wanted = wanted, .distance = slips + 1 };
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many characters have to be inserted, left out, replaced or swapped with their neighbour
 * (optimal string alignment). */
static unsigned edit_distance(struct slice a, struct slice b)
{
    unsigned steps[LENGTH_MAX + 1][LENGTH_MAX + 1];

    for (unsigned i = 0; i <= a.len; i++)
        steps[i][0] = i;
    for (unsigned j = 0; j <= b.len; j++)
        steps[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        for (size_t j = 1; j <= b.len; j++) {
            unsigned replaced = steps[i - 1][j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);

            steps[i][j] = smaller(replaced, 1 + smaller(steps[i - 1][j], steps[i][j - 1]));
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                steps[i][j] = smaller(steps[i][j], 1 + steps[i - 2][j - 2]);
        }
    }
    return steps[a.len][b.len];
}

void nearest_offer(struct nearest *nearest, struct slice name)
{
    unsigned distance;

    if (nearest->wanted.len > LENGTH_MAX || name.len > LENGTH_MAX)
        return;
    distance = edit_distance(nearest->wanted, name);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->best = name;
    }
}
