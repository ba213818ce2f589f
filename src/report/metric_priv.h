/* report/metric_priv.h -- a metric's value as text. */
#pragma once

#include "report/metric.h"
#include "report/number_priv.h"

struct number metric_number(enum metric metric, double value); /* "–" for NaN */
