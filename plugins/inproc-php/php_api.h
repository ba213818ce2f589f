/* inproc-php/php_api.h -- PHP's headers, in the one order in which they can be read.
 *
 * PHP has const in few places and names functions that base/banned.h forbids: meson.build makes
 * them system headers, and has them come before the ban. */
#pragma once

#include <php.h>

#include <SAPI.h>
#include <php_main.h>
#include <php_variables.h>
#include <sapi/embed/php_embed.h>
#include <zend_alloc.h>
#include <zend_extensions.h>
