/* tests/unit/suite_wrong_test.c -- what is wrong in a suite is said with its place and a remedy.
 *
 * The texts are what users read: a change of one is a change of the program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite/suite_priv.h"

/* A suite that is right, in four lines; the cases break one of them. */
#define SUITE     "suite: s\n"
#define WORKLOADS "workloads: [{name: w, path: /}]\n"
#define LOADS     "loads: [{name: l}]\n"
#define TARGETS   "targets: [{name: t, start: run}]\n"

/* With these keys added to its workload, to what that expects, to its load, to its target ... */
#define WORKLOAD(keys) SUITE "workloads: [{name: w, path: /" keys "}]\n" LOADS TARGETS
#define EXPECT(keys)   WORKLOAD(", expect: {" keys "}")
#define LOAD(keys)     SUITE WORKLOADS "loads: [{name: l" keys "}]\n" TARGETS
#define TARGET(keys)   TARGET_OF("name: t, start: run" keys)
/* ... and with this as its target, and with lines added at the end. */
#define TARGET_OF(keys) SUITE WORKLOADS LOADS "targets: [{" keys "}]\n"
#define CALLS           "loads: [{name: l, model: inproc}]\n"
#define CALLED(keys) \
    SUITE WORKLOADS CALLS "targets: [{name: t, inproc: {runtime: c, app: a}" keys "}]\n"
#define ADDED(lines) SUITE WORKLOADS LOADS TARGETS lines

struct wrong {
    int line;
    const char *text, *error; /* without the file's name */
};

static void check_refused(int line, struct slice text, const char *error)
{
    struct suite *suite = NULL;
    struct error err = { .text = "" };
    char expected[sizeof(err.text)];

    snprintf(expected, sizeof(expected), "suite.yaml:%s", error);
    if (suite_parse(text, "suite.yaml", ".", &suite, &err))
        fail_msg("line %d: taken", line);
    if (!err.usage || strcmp(err.text, expected) != 0)
        fail_msg("line %d:\n  said     %s\n  expected %s", line, err.text, expected);
}

static void refuse(const struct wrong *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_refused(cases[i].line, slice_of(cases[i].text), cases[i].error);
}

static void the_suite_that_the_cases_break_is_right(void **state)
{
    struct suite *suite;
    struct error err;

    if (!suite_parse(slice_of(ADDED("title: x\n")), "suite.yaml", ".", &suite, &err))
        fail_msg("%s", err.text);
    suite_free(suite);
    (void)state;
}

static void what_is_no_yaml_is_refused_with_its_place(void **state)
{
    static const struct wrong cases[] = {
        {__LINE__,  "",
         "1:1: error: the file is empty; a suite has at least the keys suite, workloads, loads "
          "and targets"                                                                      },
        { __LINE__, "# nothing\n",
         "1:1: error: the file is empty; a suite has at least the keys suite, workloads, loads "
          "and targets"                                                                      },
        { __LINE__, "suite: s\n\ttitle: x\n",
         "2:1: error: not YAML: found a tab character that violates indentation while scanning "
          "a plain scalar that began at line 1; indent with spaces, and quote a text that "
          "contains ': ' or begins with {, [, *, &, !, % or @"                               },
        { __LINE__, "suite: [s\ntitle: x\n",
         "2:6: error: not YAML: did not find expected ',' or ']' while parsing a flow sequence "
          "that began at line 1; indent with spaces, and quote a text that contains ': ' or "
          "begins with {, [, *, &, !, % or @"                                                },
        { __LINE__, "suite: a: b\n",
         "1:9: error: not YAML: mapping values are not allowed in this context; indent with "
          "spaces, and quote a text that contains ': ' or begins with {, [, *, &, !, % or @" },
        { __LINE__, "title: \"x\n",
         "2:1: error: not YAML: found unexpected end of stream while scanning a quoted scalar "
          "that began at line 1; indent with spaces, and quote a text that contains ': ' or "
          "begins with {, [, *, &, !, % or @"                                                },
        { __LINE__, "title: \xff",
         "1:8: error: not YAML: invalid leading UTF-8 octet; save the file as UTF-8 text"    },
        { __LINE__, "a: {dir}/x\n",
         "1:9: error: not YAML: did not find expected key while parsing a block mapping that "
          "began at line 1; indent with spaces, and quote a text that contains ': ' or begins "
          "with {, [, *, &, !, % or @"                                                       },
        { __LINE__, "a: b\n---\nc: d\n",
         "2:1: error: a second document begins here; remove it, a file is one suite"         },
        { __LINE__, "a: *b\n",
         "1:4: error: aliases are not supported; write the value out, or quote a text that "
          "begins with '*'"                                                                  },
        { __LINE__, "a: !!str b\n",
         "1:4: error: tags are not supported; leave out the word with '!', or quote the text"},
        { __LINE__, "a: !x [b]\n",
         "1:4: error: tags are not supported; leave out the word with '!', or quote the text"},
        { __LINE__, "? [a]\n: b\n",
         "1:3: error: a key must be text; quote a text that begins with {, [ or *"           },
        { __LINE__, "a: \"x\\0y\"\n",
         "1:4: error: a text cannot contain NUL; put such bytes into a file and give its name "
          "as body_file"                                                                     },
        { __LINE__, "[[[[[[[[[[[[[[[[[[[[\n",
         "1:18: error: nested deeper than any suite is; see the line's indentation"          },
        { __LINE__, "- a\n",
         "1:1: error: the suite must be a mapping, not a list; write { key: value }, or a line "
          "'key: value' for each"                                                            },
        { __LINE__, "word\n",
         "1:1: error: the suite must be a mapping, not text; write { key: value }, or a line "
          "'key: value' for each"                                                            },
    };

    refuse(cases, sizeof(cases) / sizeof(cases[0]));
    (void)state;
}

static void files_built_otherwise_are_refused_with_the_nearest_right_key(void **state)
{
    static const struct wrong cases[] = {
        {__LINE__,  SUITE WORKLOADS "loads: [{name: json, conections: 5}]\n" TARGETS,
         "3:22: error: unknown key 'conections' in load 'json'; did you mean 'connections'?"    },
        { __LINE__, LOAD(", foo: 5"),
         "3:19: error: unknown key 'foo' in load 'l'; the keys there are name, model, "
          "connections, threads, rate, arrivals, duration, requests, warmup, timeout, keepalive, "
          "stages, of, preset_only"                                                             },
        { __LINE__, ADDED("targts: []\n"),
         "5:1: error: unknown key 'targts' in the suite; did you mean 'targets'?"               },
        { __LINE__, EXPECT("statsu: 200"),
         "2:41: error: unknown key 'statsu' in expect of workload 'w'; did you mean 'status'?"  },
        { __LINE__, TARGET(", ship: {file: [a]}"),
         "4:40: error: unknown key 'file' in ship of target 't'; did you mean 'files'?"         },
        { __LINE__, TARGET(", factors: [{name: mode, value: [a]}]"),
         "4:56: error: unknown key 'value' in factor 'mode' of target 't'; did you mean "
          "'values'?"                                                                           },
        { __LINE__, ADDED("suite: again\n"),
         "5:1: error: key 'suite' in the suite is there twice, first at line 1; leave one out"  },
        { __LINE__, LOAD(", threads: 1, threads: 2"),
         "3:31: error: key 'threads' in load 'l' is there twice, first at line 3; leave one out"},
        { __LINE__, "title: x\n" WORKLOADS LOADS TARGETS,
         "1:1: error: 'suite' in the suite is missing; it is required"                          },
        { __LINE__, SUITE LOADS TARGETS,
         "1:1: error: 'workloads' in the suite is missing; it is required"                      },
        { __LINE__, SUITE "workloads: [{path: /}]\n" LOADS TARGETS,
         "2:13: error: 'name' in workload 1 is missing; it is required"                         },
        { __LINE__, SUITE WORKLOADS "loads: [{model: open}]\n" TARGETS,
         "3:9: error: 'name' in load 1 is missing; it is required"                              },
        { __LINE__, SUITE "workloads: [{name: w}]\n" LOADS TARGETS,
         "2:13: error: 'path' in workload 'w' is missing; it is required"                       },
        { __LINE__, TARGET(", factors: [{name: mode}]"),
         "4:43: error: 'values' in factor 'mode' of target 't' is missing; it is required"      },
        { __LINE__, TARGET(", expects: [{status: 200}]"),
         "4:43: error: 'workload' in expect 1 of target 't' is missing; it is required"         },
        { __LINE__, SUITE "workloads: []\n" LOADS TARGETS,
         "2:12: error: 'workloads' in the suite is empty; give it at least one entry"           },
        { __LINE__, SUITE "workloads: w\n" LOADS TARGETS,
         "2:12: error: 'workloads' in the suite must be a list, not text; write [one, two], or "
          "a line '- one' for each"                                                             },
        { __LINE__, SUITE "workloads:\n" LOADS TARGETS,
         "2:11: error: 'workloads' in the suite has no value; give one, write \"\" for an empty "
          "text, or leave it out"                                                               },
        { __LINE__, SUITE "workloads: [w]\n" LOADS TARGETS,
         "2:13: error: entry 1 of 'workloads' in the suite must be a mapping, not text; write { "
          "key: value }, or a line 'key: value' for each"                                       },
        { __LINE__, ADDED("title: [a]\n"),
         "5:8: error: 'title' in the suite must be a text or a number, not a list; quote it if "
          "it is text"                                                                          },
        { __LINE__, ADDED("title: {a: b}\n"),
         "5:8: error: 'title' in the suite must be a text or a number, not a mapping; quote it "
          "if it is text"                                                                       },
        { __LINE__, ADDED("title:\n"),
         "5:7: error: 'title' in the suite has no value; give one, write \"\" for an empty "
          "text, or leave it out"                                                               },
        { __LINE__, ADDED("title: ~\n"),
         "5:8: error: 'title' in the suite has no value; give one, write \"\" for an empty "
          "text, or leave it out"                                                               },
        { __LINE__, TARGET(", packages: nginx"),
         "4:43: error: 'packages' in target 't' must be a list, not text; write [one, two], or "
          "a line '- one' for each"                                                             },
        { __LINE__, TARGET(", packages: [[nginx]]"),
         "4:44: error: entry 1 of 'packages' in target 't' must be a text or a number, not a "
          "list; quote it if it is text"                                                        },
        { __LINE__, TARGET(", env: [{PORT: 1}]"),
         "4:39: error: env 1 of target 't' must be a text or a number, not a mapping; quote it "
          "if it is text"                                                                       },
        { __LINE__, TARGET(", packages: [~]"),
         "4:44: error: entry 1 of 'packages' in target 't' has no value; give one, write \"\" "
          "for an empty text, or leave it out"                                                  },
        { __LINE__, LOAD(", keepalive: maybe"),
         "3:30: error: 'keepalive' in load 'l' must be true or false, not 'maybe'"              },
        { __LINE__, LOAD(", keepalive: yes"),
         "3:30: error: 'keepalive' in load 'l' must be true or false, not 'yes'"                },
        { __LINE__, ADDED("control: no\n"),
         "5:10: error: 'control' in the suite must be true or false, not 'no'"                  },
        { __LINE__, ADDED("control: [nginx]\n"),
         "5:10: error: 'control' in the suite must be a text or a number, not a list; quote it if "
          "it is text"                                                                          },
        { __LINE__, LOAD(", model: cloesd"),
         "3:26: error: 'model' in load 'l' must be closed, open or inproc, not 'cloesd'"        },
        { __LINE__, LOAD(", model: open, rate: 5, arrivals: steady"),
         "3:51: error: 'arrivals' in load 'l' must be even or poisson, not 'steady'"            },
        { __LINE__, LOAD(", model: 1"),
         "3:26: error: 'model' in load 'l' must be closed, open or inproc, not '1'"             },
        { __LINE__, WORKLOAD(", expect: 200"),
         "2:40: error: 'expect' in workload 'w' must be a mapping, not text; write { key: value "
          "}, or a line 'key: value' for each"                                                  },
        { __LINE__, TARGET(", ship: [a]"),
         "4:39: error: 'ship' in target 't' must be a mapping, not a list; write { key: value "
          "}, or a line 'key: value' for each"                                                  },
        { __LINE__,
         SUITE
          "workloads: [{name: w, path: /}, {name: v, path: /}, {name: w, path: /}]\n" LOADS TARGETS,
         "2:60: error: 'workloads' in the suite has 'w' twice, first at line 2; rename one, or "
          "leave it out"                                                                        },
        { __LINE__, SUITE WORKLOADS "loads:\n  - name: l\n  - name: l\n" TARGETS,
         "5:11: error: 'loads' in the suite has 'l' twice, first at line 4; rename one, or "
          "leave it out"                                                                        },
        { __LINE__, SUITE WORKLOADS LOADS "targets: [{name: t, start: a}, {name: t, start: b}]\n",
         "4:39: error: 'targets' in the suite has 't' twice, first at line 4; rename one, or "
          "leave it out"                                                                        },
        { __LINE__, ADDED("presets: [{name: p}, {name: p}]\n"),
         "5:29: error: 'presets' in the suite has 'p' twice, first at line 5; rename one, or "
          "leave it out"                                                                        },
        { __LINE__, TARGET(", factors: [{name: m, values: [a]}, {name: m, values: [b]}]"),
         "4:74: error: 'factors' in target 't' has 'm' twice, first at line 4; rename one, or "
          "leave it out"                                                                        },
        { __LINE__, TARGET(", factors: [{name: m, values: [a, b, a]}]"),
         "4:68: error: 'values' in factor 'm' of target 't' has 'a' twice, first at line 4; "
          "rename one, or leave it out"                                                         },
        { __LINE__, TARGET(", expects: [{workload: w}, {workload: w}]"),
         "4:69: error: 'expects' in target 't' has 'w' twice, first at line 4; rename one, or "
          "leave it out"                                                                        },
        { __LINE__, TARGET_OF("name: t, processes: [{name: p, start: a}, {name: p, start: b}]"),
         "4:61: error: 'processes' in target 't' has 'p' twice, first at line 4; rename one, or "
          "leave it out"                                                                        },
    };

    refuse(cases, sizeof(cases) / sizeof(cases[0]));
    (void)state;
}

static void numbers_out_of_range_are_refused_with_the_range(void **state)
{
    static const struct wrong cases[] = {
        {__LINE__,  ADDED("blocks: 0\n"),
         "5:9: error: 'blocks' in the suite must be a whole number from 1 to 10000, not '0'"    },
        { __LINE__, ADDED("blocks: 10001\n"),
         "5:9: error: 'blocks' in the suite must be a whole number from 1 to 10000, not '10001'"},
        { __LINE__, ADDED("blocks: many\n"),
         "5:9: error: 'blocks' in the suite must be a whole number from 1 to 10000, not 'many'" },
        { __LINE__, ADDED("blocks: -1\n"),
         "5:9: error: 'blocks' in the suite must be a whole number from 1 to 10000, not '-1'"   },
        { __LINE__, LOAD(", connections: 0"),
         "3:32: error: 'connections' in load 'l' must be a whole number from 1 to 1000000, not "
          "'0'"                                                                                 },
        { __LINE__, LOAD(", connections: 1000001"),
         "3:32: error: 'connections' in load 'l' must be a whole number from 1 to 1000000, not "
          "'1000001'"                                                                           },
        { __LINE__, LOAD(", connections: 1.5"),
         "3:32: error: 'connections' in load 'l' must be a whole number from 1 to 1000000, not "
          "'1.5'"                                                                               },
        { __LINE__, LOAD(", threads: 257"),
         "3:28: error: 'threads' in load 'l' must be a whole number from 1 to 256, not '257'"   },
        { __LINE__, LOAD(", threads: 4, connections: 2"),
         "3:44: error: 'connections' in load 'l' is 2, fewer than its 4 threads; each thread "
          "needs one"                                                                           },
        { __LINE__, LOAD(", duration: 0"),
         "3:29: error: 'duration' in load 'l' must be a duration from 1.00ms to 24h00m, such as "
          "30s or 250ms, not '0'"                                                               },
        { __LINE__, LOAD(", duration: 30 seconds"),
         "3:29: error: 'duration' in load 'l' must be a duration from 1.00ms to 24h00m, such as "
          "30s or 250ms, not '30 seconds'"                                                      },
        { __LINE__, LOAD(", duration: 25h"),
         "3:29: error: 'duration' in load 'l' must be a duration from 1.00ms to 24h00m, such as "
          "30s or 250ms, not '25h'"                                                             },
        { __LINE__, LOAD(", requests: 0"),
         "3:29: error: 'requests' in load 'l' must be a whole number from 1 to 1000000000000, "
          "not '0'"                                                                             },
        { __LINE__, LOAD(", warmup: -1s"),
         "3:27: error: 'warmup' in load 'l' must be a duration from 0 to 1h, like 3s, or a count "
          "of requests up to 10M, like 500n, not '-1s'"                                         },
        { __LINE__, LOAD(", warmup: 61m"),
         "3:27: error: 'warmup' in load 'l' must be a duration from 0 to 1h, like 3s, or a count "
          "of requests up to 10M, like 500n, not '61m'"                                         },
        { __LINE__, LOAD(", warmup: 0n"),
         "3:27: error: 'warmup' in load 'l' must be a duration from 0 to 1h, like 3s, or a count "
          "of requests up to 10M, like 500n, not '0n'"                                          },
        { __LINE__, LOAD(", warmup: 10000001n"),
         "3:27: error: 'warmup' in load 'l' must be a duration from 0 to 1h, like 3s, or a count "
          "of requests up to 10M, like 500n, not '10000001n'"                                   },
        { __LINE__, LOAD(", timeout: 2h"),
         "3:28: error: 'timeout' in load 'l' must be a duration from 1.00ms to 1h00m, such as "
          "30s or 250ms, not '2h'"                                                              },
        { __LINE__, LOAD(", timeout: 0"),
         "3:28: error: 'timeout' in load 'l' must be a duration from 1.00ms to 1h00m, such as "
          "30s or 250ms, not '0'"                                                               },
        { __LINE__, LOAD(", duration: 3s, requests: 10"),
         "3:43: error: 'requests' in load 'l' is given beside 'duration'; a load ends by one of "
          "them: leave one out"                                                                 },
        { __LINE__, LOAD(", model: open"),
         "3:9: error: 'rate' in load 'l' is missing; an open loop needs one, such as rate: 1000"},
        { __LINE__, LOAD(", rate: 100"),
         "3:25: error: 'rate' in load 'l' has no meaning in a closed loop; leave it out, or "
          "write model: open"                                                                   },
        { __LINE__, LOAD(", model: open, rate: 0"),
         "3:38: error: 'rate' in load 'l' must be requests a second, from one a day up to 10M, "
          "such as 400 or 20k/s, not '0'"                                                       },
        { __LINE__, LOAD(", model: open, rate: 0.0000000001"),
         "3:38: error: 'rate' in load 'l' must be requests a second, from one a day up to 10M, "
          "such as 400 or 20k/s, not '0.0000000001'"                                            },
        { __LINE__, LOAD(", model: open, rate: -5"),
         "3:38: error: 'rate' in load 'l' must be requests a second, from one a day up to 10M, "
          "such as 400 or 20k/s, not '-5'"                                                      },
        { __LINE__, LOAD(", model: open, rate: 200M"),
         "3:38: error: 'rate' in load 'l' must be requests a second, from one a day up to 10M, "
          "such as 400 or 20k/s, not '200M'"                                                    },
        { __LINE__, LOAD(", arrivals: even"),
         "3:29: error: 'arrivals' in load 'l' has no meaning in a closed loop; leave it out, or "
          "write model: open"                                                                   },
        { __LINE__, ADDED("presets: [{name: p, blocks: 0}]\n"),
         "5:29: error: 'blocks' in preset 'p' must be a whole number from 1 to 10000, not '0'"  },
        { __LINE__, ADDED("presets: [{name: p, duration: x}]\n"),
         "5:31: error: 'duration' in preset 'p' must be a duration from 1.00ms to 24h00m, such "
          "as 30s or 250ms, not 'x'"                                                            },
        { __LINE__, EXPECT("status: 99"),
         "2:49: error: 'status' in expect of workload 'w' must be a whole number from 100 to "
          "599, not '99'"                                                                       },
        { __LINE__, EXPECT("status: 600"),
         "2:49: error: 'status' in expect of workload 'w' must be a whole number from 100 to "
          "599, not '600'"                                                                      },
        { __LINE__, EXPECT("status: ok"),
         "2:49: error: 'status' in expect of workload 'w' must be a whole number from 100 to "
          "599, not 'ok'"                                                                       },
        { __LINE__, TARGET(", ready_timeout: 0"),
         "4:48: error: 'ready_timeout' in target 't' must be a duration from 1.00ms to 1h00m, "
          "such as 30s or 250ms, not '0'"                                                       },
        { __LINE__, TARGET(", ready_timeout: 2h"),
         "4:48: error: 'ready_timeout' in target 't' must be a duration from 1.00ms to 1h00m, "
          "such as 30s or 250ms, not '2h'"                                                      },
        { __LINE__, TARGET(", grace: -1"),
         "4:40: error: 'grace' in target 't' must be a duration from 0 to 1h00m, such as 30s or "
          "250ms, not '-1'"                                                                     },
    };

    refuse(cases, sizeof(cases) / sizeof(cases[0]));
    (void)state;
}

static void stages_that_contradict_the_load_are_refused_with_their_place(void **state)
{
    static const struct wrong cases[] = {
        {__LINE__,  LOAD(", stages: [1s:4/s, 5]"),
         "3:36: error: entry 2 of 'stages' in load 'l' must look like 10s:400/s or 10000n:20c, "
          "not "
          "'5'"                                                                                 },
        { __LINE__, LOAD(", stages: [1s:4/s, 1s:5c]"),
         "3:36: error: entry 2 of 'stages' in load 'l' must be of one kind in all stages of a "
          "load, "
          "/s or c or %, not '1s:5c'"                                                           },
        { __LINE__, LOAD(", stages: [1s:70%]"),
         "3:9: error: 'of' in load 'l' is missing; stages in % are shares of what the target "
          "reaches in a closed load of this suite: of: NAME"                                    },
        { __LINE__, LOAD(", stages: [1s:7/s], of: l"),
         "3:41: error: 'of' in load 'l' has no meaning without stages that are shares, like "
          "10s:70%; leave it out"                                                               },
        { __LINE__, LOAD(", stages: [1s:70%], of: x"),
         "3:41: error: 'of' in load 'l' names no load of this suite: 'x'; there is 'l'"         },
        { __LINE__, LOAD(", stages: [1s:70%], of: l"),
         "3:41: error: 'of' in load 'l' is 'l', which does not tell what a target can do; name a "
          "load with model: closed and without stages"                                          },
        { __LINE__, LOAD(", stages: []"),
         "3:27: error: 'stages' in load 'l' is empty; give it at least one entry"               },
        { __LINE__, LOAD(", rate: 5, stages: [1s:4/s]"),
         "3:25: error: 'rate' in load 'l' is given beside 'stages', which say it; leave one out"},
        { __LINE__, LOAD(", duration: 1s, stages: [1s:4/s]"),
         "3:29: error: 'duration' in load 'l' is given beside 'stages', which say it; leave one "
          "out"                                                                                 },
        { __LINE__, LOAD(", requests: 1, stages: [1s:4/s]"),
         "3:29: error: 'requests' in load 'l' is given beside 'stages', which say it; leave one "
          "out"                                                                                 },
        { __LINE__, LOAD(", model: closed, stages: [1s:4/s]"),
         "3:26: error: 'model' in load 'l' is not what the stages are: /s is open, c is closed; "
          "leave it out"                                                                        },
        { __LINE__, LOAD(", connections: 9, stages: [1s:4c]"),
         "3:32: error: 'connections' in load 'l' is given beside stages that say how many; leave "
          "it out"                                                                              },
        { __LINE__, LOAD(", threads: 3, stages: [1s:4c, 1s:2c]"),
         "3:28: error: 'threads' in load 'l' is 3, more than the connections of stage 2; each "
          "thread needs one"                                                                    },
        { __LINE__, LOAD(", arrivals: even, stages: [1s:4c]"),
         "3:29: error: 'arrivals' in load 'l' has no meaning in a closed loop; leave it out, or "
          "write model: open"                                                                   },
        { __LINE__, LOAD(", preset_only: true"),
         "3:8: error: 'loads' in the suite are all preset_only; without a preset there would be "
          "nothing to run"                                                                      },
    };

    refuse(cases, sizeof(cases) / sizeof(cases[0]));
    (void)state;
}

static void presets_that_name_nothing_are_refused_with_the_nearest(void **state)
{
    static const struct wrong cases[] = {
        {__LINE__,  ADDED("presets: [{name: p, loads: [x]}]\n"),
         "5:29: error: entry 1 of 'loads' in preset 'p' names no load of this suite: 'x'; there "
          "is "
          "'l'"              },
        { __LINE__, ADDED("presets: [{name: p, workloads: [ww]}]\n"),
         "5:33: error: entry 1 of 'workloads' in preset 'p' names no workload of this suite: "
          "'ww'; "
          "did you mean 'w'?"},
        { __LINE__, ADDED("presets: [{name: p, targets: [t, zzz]}]\n"),
         "5:34: error: entry 2 of 'targets' in preset 'p' names no target of this suite: 'zzz'; "
          "there is 't'"     },
    };

    refuse(cases, sizeof(cases) / sizeof(cases[0]));
    (void)state;
}

static void addresses_and_roles_that_cannot_be_are_refused(void **state)
{
    static const struct wrong cases[] = {
        {__LINE__,  TARGET(", address: '127.0.0.1:80'"),
         "4:42: error: 'address' in target 't' must look like unix:PATH, for example "
          "unix:{socket}; without it the load goes to 127.0.0.1:{port}"                         },
        { __LINE__, TARGET(", address: 'unix:'"),
         "4:42: error: 'address' in target 't' is no address: the path of a Unix socket is "
          "empty"                                                                               },
        { __LINE__,
         TARGET(", address: 'unix:/0123456789012345678901234567890123456789012345678901234567890"
                 "1234567890123456789012345678901234567890123456789'"),
         "4:42: error: 'address' in target 't' is no address: the path of a Unix socket has 111 "
          "bytes; at most 107 fit: '/0123456789012345678901234567890123456789012345678901234567890"
          "1234567890123456789012345678901234567890123456789'"                                  },
        { __LINE__, TARGET(", address: 'unix:{sokcet}'"),
         "4:42: error: 'address' in target 't' has an unknown placeholder {sokcet}; the known "
          "ones "
          "are {workers} {dir} {suite} {assay} {host} {cpus} {port} {ports} {socket} {workload} "
          "{load}"                                                                              },
        { __LINE__, TARGET_OF("name: t, processes: [{name: a, start: x, role: service}]"),
         "4:59: error: 'role' in process 'a' of target 't' is service, but the last process is "
          "the "
          "front, which gets the load; put the front behind it"                                 },
        { __LINE__, TARGET_OF("name: t, processes: [{name: a, start: x, role: back}]"),
         "4:59: error: 'role' in process 'a' of target 't' must be front or service, not 'back'"},
        { __LINE__, TARGET_OF("name: t, processes: [{name: a, start: x, after: '{b.port}'}]"),
         "4:60: error: 'after' in process 'a' of target 't' has an unknown placeholder {b.port}; "
          "the known ones are {workers} {dir} {suite} {assay} {host} {cpus} {port} {ports} "
          "{socket} "
          "{workload} {load}"                                                                   },
    };

    refuse(cases, sizeof(cases) / sizeof(cases[0]));
    (void)state;
}

static void workloads_that_cannot_be_asked_or_checked_are_refused(void **state)
{
    static const struct wrong cases[] = {
        {__LINE__,  WORKLOAD(", method: get"),
         "2:40: error: 'method' in workload 'w' must be capitals such as GET or POST, not 'get'"},
        { __LINE__, WORKLOAD(", method: \"\""),
         "2:40: error: 'method' in workload 'w' must be capitals such as GET or POST, not ''"   },
        { __LINE__, SUITE "workloads: [{name: w, path: index}]\n" LOADS TARGETS,
         "2:29: error: 'path' in workload 'w' must begin with '/', as in /index.html, not "
          "'index'"                                                                             },
        { __LINE__, SUITE "workloads: [{name: w, path: \"\"}]\n" LOADS TARGETS,
         "2:29: error: 'path' in workload 'w' must begin with '/', as in /index.html, not ''"   },
        { __LINE__, SUITE "workloads: [{name: w, path: \"/a b\"}]\n" LOADS TARGETS,
         "2:29: error: 'path' in workload 'w' has a space or a character beyond ASCII; write it "
          "as %20 and so on"                                                                    },
        { __LINE__, SUITE "workloads: [{name: w, path: \"/\\u00e9\"}]\n" LOADS TARGETS,
         "2:29: error: 'path' in workload 'w' has a space or a character beyond ASCII; write it "
          "as %20 and so on"                                                                    },
        { __LINE__, WORKLOAD(", headers: [Accept]"),
         "2:42: error: entry 1 of 'headers' in workload 'w' must look like \"Accept: "
          "text/html\", not 'Accept'"                                                           },
        { __LINE__, WORKLOAD(", headers: [\": x\"]"),
         "2:42: error: entry 1 of 'headers' in workload 'w' must look like \"Accept: "
          "text/html\", not ': x'"                                                              },
        { __LINE__, WORKLOAD(", headers: [\"A b: x\"]"),
         "2:42: error: entry 1 of 'headers' in workload 'w' must look like \"Accept: "
          "text/html\", not 'A b: x'"                                                           },
        { __LINE__, WORKLOAD(", headers: [\"A: x\\r\\nB: y\"]"),
         "2:42: error: entry 1 of 'headers' in workload 'w' has a line break or another control "
          "character; write one header an entry"                                                },
        { __LINE__, WORKLOAD(", headers: [\"A: x\", {B: y}]"),
         "2:50: error: header 2 of workload 'w' must be a text or a number, not a mapping; "
          "quote it if it is text"                                                              },
        { __LINE__, WORKLOAD(", body: a, body_file: body.bin"),
         "2:52: error: 'body_file' in workload 'w' is given beside 'body'; leave one out"       },
        { __LINE__, WORKLOAD(", body_file: absent.bin"),
         "2:43: error: 'body_file' in workload 'w' cannot be opened: No such file or directory; "
          "it is looked for as ./absent.bin"                                                    },
        { __LINE__, WORKLOAD(", body_file: targets"),
         "2:43: error: 'body_file' in workload 'w' is no regular file; it is looked for as "
          "./targets"                                                                           },
        { __LINE__, EXPECT("json: \"{a}\""),
         "2:47: error: 'json' in expect of workload 'w' is not JSON: string or '}' expected "
          "near 'a' (its line 1, column 2); write it in single quotes, '{\"a\":1}'"             },
        { __LINE__, EXPECT("json: \"\""),
         "2:47: error: 'json' in expect of workload 'w' is not JSON: unexpected token near end "
          "of file (its line 1, column 0); write it in single quotes, '{\"a\":1}'"              },
        { __LINE__, EXPECT("json: '{}', body: x"),
         "2:47: error: 'json' in expect of workload 'w' is given beside a body; leave one out"  },
        { __LINE__, EXPECT("any_body: true, body: x"),
         "2:51: error: 'any_body' in expect of workload 'w' is given beside a body; leave one "
          "out"                                                                                 },
        { __LINE__, EXPECT("body: x, body_file: body.bin"),
         "2:61: error: 'body_file' in expect of workload 'w' is given beside 'body'; leave one "
          "out"                                                                                 },
        { __LINE__, EXPECT("body_file: absent.bin"),
         "2:52: error: 'body_file' in expect of workload 'w' cannot be opened: No such file or "
          "directory; it is looked for as ./absent.bin"                                         },
        { __LINE__, EXPECT("content_type: \"a\\nb\""),
         "2:55: error: 'content_type' in expect of workload 'w' has a control character or a "
          "line break; write it in one line"                                                    },
        { __LINE__, EXPECT("body: \"{nonce}\""),
         "2:13: error: {nonce} is expected back, but the request has none; put {nonce} into the "
          "workload's path or body"                                                             },
        { __LINE__, TARGET(", expects: [{workload: w, json: \"{nonce}\"}]"),
         "4:63: error: 'json' in expect 'w' of target 't' is not JSON: string or '}' expected "
          "near 'nonce' (its line 1, column 6); write it in single quotes, '{\"a\":1}'"         },
        { __LINE__, TARGET(", expects: [{workload: w, body: '{nonce}'}]"),
         "4:43: error: {nonce} is expected back, but the request has none; put {nonce} into the "
          "workload's path or body"                                                             },
    };

    refuse(cases, sizeof(cases) / sizeof(cases[0]));
    (void)state;
}

static void names_that_would_break_tables_are_refused(void **state)
{
    static const struct wrong cases[] = {
        {__LINE__,  "suite: my suite\n" WORKLOADS LOADS TARGETS,
         "1:8: error: 'suite' in the suite must be a letter or digit and up to 62 more of them "
          "or of . _ + -, not 'my suite'"                                         },
        { __LINE__, "suite: \"\"\n" WORKLOADS LOADS TARGETS,
         "1:8: error: 'suite' in the suite must be a letter or digit and up to 62 more of them "
          "or of . _ + -, not ''"                                                 },
        { __LINE__, SUITE WORKLOADS "loads: [{name: a/b}]\n" TARGETS,
         "3:16: error: 'name' in load 'a/b' must be a letter or digit and up to 62 more of them "
          "or of . _ + -, not 'a/b'"                                              },
        { __LINE__, SUITE WORKLOADS "loads: [{name: -a}]\n" TARGETS,
         "3:16: error: 'name' in load '-a' must be a letter or digit and up to 62 more of them "
          "or of . _ + -, not '-a'"                                               },
        { __LINE__, ADDED("title: \"a\\eb\"\n"),
         "5:8: error: 'title' in the suite has a control character or a line break; write it in "
          "one line"                                                              },
        { __LINE__, TARGET(", factors: [{name: Mode, values: [a]}]"),
         "4:50: error: 'name' in factor 'Mode' of target 't' must be a lower-case letter and up "
          "to 62 more, or digits or _, so that it can stand in braces, not 'Mode'"},
        { __LINE__, TARGET(", factors: [{name: port, values: [1]}]"),
         "4:50: error: 'name' in factor 'port' of target 't' is 'port', which {port} stands for "
          "already; use another word"                                             },
        { __LINE__, TARGET(", factors: [{name: workers, values: [1, two]}]"),
         "4:71: error: entry 2 of 'values' in factor 'workers' of target 't' must be a whole "
          "number from 1 to 1024, not 'two'"                                      },
        { __LINE__, TARGET(", factors: [{name: cores, values: [1, 65]}]"),
         "4:69: error: entry 2 of 'values' in factor 'cores' of target 't' must be a whole number "
          "from 1 to 64, not '65'"                                                },
        { __LINE__, TARGET(", factors: [{name: workers, values: [0]}]"),
         "4:68: error: entry 1 of 'values' in factor 'workers' of target 't' must be a whole "
          "number from 1 to 1024, not '0'"                                        },
        { __LINE__, TARGET(", factors: [{name: m, values: [\"a\\nb\"]}]"),
         "4:62: error: entry 1 of 'values' in factor 'm' of target 't' has a control character; "
          "a value stands in tables and names"                                    },
    };

    refuse(cases, sizeof(cases) / sizeof(cases[0]));
    (void)state;
}

static void targets_that_cannot_be_run_are_refused(void **state)
{
    static const struct wrong cases[] = {
        {__LINE__,  TARGET_OF("name: t"),
         "4:11: error: 'start' in target 't' is missing; write the command that starts it, with "
          "{port}, or a list of processes"                                                                                                },
        { __LINE__, CALLED(", start: run"),
         "4:58: error: 'start' in target 't' is given beside 'inproc': what is called is not "
          "started; leave one out"                                                                                                        },
        { __LINE__, CALLED(", env: [A=b]"),
         "4:56: error: 'env' in target 't' is given beside 'inproc': what is called is not "
          "started; leave one out"                                                                                                        },
        { __LINE__, SUITE WORKLOADS LOADS "targets: [{name: t, inproc: {runtime: c, app: a}}]\n",
         "4:29: error: 'inproc' in target 't' needs a load with model: inproc; there is none"                                             },
        { __LINE__, SUITE WORKLOADS CALLS TARGETS,
         "4:28: error: 'start' in target 't' needs a load that is not model: inproc; there is "
          "none"                                                                                                                          },
        { __LINE__,
         SUITE WORKLOADS CALLS "targets: [{name: t, inproc: {runtime: cobol, app: a}}]\n",
         "4:39: error: 'runtime' in inproc of target 't' must be cpython, pypy, php or c, not "
          "'cobol'"                                                                                                                       },
        { __LINE__,
         SUITE WORKLOADS CALLS "targets: [{name: t, inproc: {runtime: \"{mode}\", app: a}}]\n",
         "4:39: error: 'runtime' in inproc of target 't' must be cpython, pypy, php or c, not "
          "'{mode}'"                                                                                                                      },
        { __LINE__,
         SUITE WORKLOADS CALLS "targets: [{name: t, inproc: {runtime: c, app: a, gc: maybe}}]\n",
         "4:54: error: 'gc' in inproc of target 't' must be on, off or frozen, not 'maybe'"                                               },
        { __LINE__,
         SUITE WORKLOADS CALLS "targets: [{name: t, inproc: {runtime: c, app: \"{foo}\"}}]\n",
         "4:47: error: 'app' in inproc of target 't' has an unknown placeholder {foo}; the "
          "known ones are {workers} {dir} {suite} {assay} {host} {cpus}"                                                                  },
        { __LINE__,
         SUITE WORKLOADS CALLS
          "targets: [{name: t, application: a, inproc: {runtime: c, app: a}},\n"
          "  {name: u, application: b, inproc: {runtime: php, app: a}},\n"
          "  {name: v, application: a, inproc: {runtime: php, app: a}}]\n",                       "6:26: error: 'application' in target 'v' is called on c in target 't' and on php here; "
          "give what runs on another runtime a name of its own"},
        { __LINE__, LOAD(", model: inproc, connections: 5"),
         "3:47: error: 'connections' in load 'l' has no meaning with model: inproc, which makes "
          "'requests' calls; leave it out"                                                                                                },
        { __LINE__, TARGET(", processes: [{name: p, start: a}]"),
         "4:28: error: 'start' in target 't' is given beside 'processes'; leave one out"                                                  },
        { __LINE__, TARGET_OF("name: t, instances: 2, processes: [{name: p, start: a}]"),
         "4:32: error: 'instances' in target 't' is given beside 'processes'; give it to the "
          "process it is meant for"                                                                                                       },
        { __LINE__, TARGET(", instances: 0"),
         "4:44: error: 'instances' in target 't' must be a whole number from 1 to 64, or a "
          "factor with such values, {workers} for example, not '0'"                                                                       },
        { __LINE__, TARGET(", instances: 65"),
         "4:44: error: 'instances' in target 't' must be a whole number from 1 to 64, or a "
          "factor with such values, {workers} for example, not '65'"                                                                      },
        { __LINE__, TARGET(", instances: \"{mode}\""),
         "4:44: error: 'instances' in target 't' must be a whole number from 1 to 64, or a "
          "factor with such values, {workers} for example, not '{mode}'"                                                                  },
        { __LINE__, TARGET(", instances: \"{mode}\", factors: [{name: mode, values: [2, x]}]"),
         "4:44: error: 'instances' in target 't' must be a whole number from 1 to 64, or a "
          "factor with such values, {workers} for example, not '{mode}'"                                                                  },
        { __LINE__, TARGET_OF("name: t, processes: [{name: p-1, start: a}]"),
         "4:40: error: 'name' in process 'p-1' of target 't' must be a lower-case letter and up "
          "to 62 more, or digits or _, so that it can stand in braces, not 'p-1'"                                                         },
        { __LINE__, TARGET_OF("name: t, processes: [{name: p, start: a, ready: x}]"),
         "4:60: error: 'ready' in process 'p' of target 't' must begin with '/', as in "
          "/index.html, not 'x'"                                                                                                          },
        { __LINE__, TARGET(", env: [PORT]"),
         "4:39: error: entry 1 of 'env' in target 't' must look like NAME=value, not 'PORT'"                                              },
        { __LINE__, TARGET(", env: [1A=b]"),
         "4:39: error: entry 1 of 'env' in target 't' must look like NAME=value, not '1A=b'"                                              },
        { __LINE__, TARGET(", env: [A=b, A=c]"),
         "4:44: error: entry 2 of 'env' in target 't' sets A a second time; leave one out"                                                },
        { __LINE__, TARGET(", packages: [Nginx]"),
         "4:44: error: entry 1 of 'packages' in target 't' must be a Debian package's name, not "
          "'Nginx'"                                                                                                                       },
        { __LINE__, TARGET(", packages: [\"a; rm\"]"),
         "4:44: error: entry 1 of 'packages' in target 't' must be a Debian package's name, not "
          "'a; rm'"                                                                                                                       },
        { __LINE__, TARGET(", ship: {packages: [x]}"),
         "4:51: error: entry 1 of 'packages' in ship of target 't' must be a Debian package's "
          "name, not 'x'"                                                                                                                 },
        { __LINE__, TARGET(", directory: absent"),
         "4:44: error: 'directory' in target 't' is no folder; it is looked for as ./absent"                                              },
        { __LINE__, TARGET(", directory: /etc"),
         "4:44: error: 'directory' in target 't' must be a folder below the suite's own, such "
          "as targets/t"                                                                                                                  },
        { __LINE__, TARGET(", directory: ../x"),
         "4:44: error: 'directory' in target 't' must be a folder below the suite's own, such "
          "as targets/t"                                                                                                                  },
        { __LINE__, TARGET(", directory: body.bin"),
         "4:44: error: 'directory' in target 't' is no folder; it is looked for as ./body.bin"                                            },
        { __LINE__, TARGET(", workloads: [v]"),
         "4:45: error: entry 1 of 'workloads' in target 't' names no workload of this suite: "
          "'v'; there is 'w'"                                                                                                             },
        { __LINE__, TARGET(", workloads: [ww]"),
         "4:45: error: entry 1 of 'workloads' in target 't' names no workload of this suite: "
          "'ww'; did you mean 'w'?"                                                                                                       },
        { __LINE__, TARGET(", loads: [x]"),
         "4:41: error: entry 1 of 'loads' in target 't' names no load of this suite: 'x'; there "
          "is 'l'"                                                                                                                        },
        { __LINE__, TARGET(", loads: []"),
         "4:40: error: 'loads' in target 't' is empty; give it at least one entry"                                                        },
        { __LINE__, TARGET(", expects: [{workload: v}]"),
         "4:54: error: 'workload' in expect 'v' of target 't' names no workload of this suite: "
          "'v'; there is 'w'"                                                                                                             },
        { __LINE__, ADDED("published: absent.md\n"),
         "5:12: error: 'published' in the suite names a file that cannot be read: ./absent.md: "
          "No such file or directory"                                                                                                     },
    };

    refuse(cases, sizeof(cases) / sizeof(cases[0]));
    (void)state;
}

static void shares_of_a_load_that_the_target_has_not_are_refused(void **state)
{
    static const struct wrong cases[] = {
        {__LINE__,
         SUITE WORKLOADS "loads: [{name: l}, {name: at, of: l, stages: [1s:70%]}]\n"
                          "targets: [{name: t, start: run, loads: [at]}]\n", "4:40: error: 'loads' in target 't' has 'at', which asks for shares of what the target "
          "reaches in 'l'; add that, or leave both out"},
    };

    refuse(cases, sizeof(cases) / sizeof(cases[0]));
    (void)state;
}

static void placeholders_that_nothing_will_replace_are_refused(void **state)
{
    static const struct wrong cases[] = {
        {__LINE__,  TARGET_OF("name: t, start: \"run {prot}\""),
         "4:28: error: 'start' in target 't' has an unknown placeholder {prot}; the known ones "
          "are {workers} {dir} {suite} {assay} {host} {cpus} {port} {ports} {socket} {workload} "
          "{load}"                                                                 },
        { __LINE__, TARGET(", build: \"make {port}\""),
         "4:40: error: 'build' in target 't' has an unknown placeholder {port}; the known ones "
          "are {workers} {dir} {suite} {assay} {host} {cpus}"                      },
        { __LINE__, TARGET(", version: \"{dir}/x {load}\""),
         "4:42: error: 'version' in target 't' has an unknown placeholder {load}; the known "
          "ones are {workers} {dir} {suite} {assay} {host} {cpus}"                 },
        { __LINE__, TARGET(", env: [\"A={mode}\"]"),
         "4:39: error: entry 1 of 'env' in target 't' has an unknown placeholder {mode}; the "
          "known ones are {workers} {dir} {suite} {assay} {host} {cpus} {port} {ports} "
          "{socket} {workload} {load}"                                             },
        { __LINE__, TARGET(", ship: {files: [\"{dir}/a\", \"{bin}\"]}"),
         "4:59: error: entry 2 of 'files' in ship of target 't' has an unknown placeholder "
          "{bin}; the known ones are {workers} {dir} {suite} {assay} {host} {cpus}"},
        { __LINE__,
         TARGET_OF("name: t, processes: [{name: a, start: \"{b.port}\"}, {name: b, start: x}]"),
         "4:50: error: 'start' in process 'a' of target 't' has an unknown placeholder "
          "{b.port}; the known ones are {workers} {dir} {suite} {assay} {host} {cpus} {port} "
          "{ports} {socket} {workload} {load}"                                     },
        { __LINE__, TARGET_OF("name: t, start: \"{a.port}\""),
         "4:28: error: 'start' in target 't' has an unknown placeholder {a.port}; the known "
          "ones are {workers} {dir} {suite} {assay} {host} {cpus} {port} {ports} {socket} "
          "{workload} "
          "{load}"                                                                 },
        { __LINE__, TARGET(", factors: [{name: mode, values: [a]}], build: \"{mod}\""),
         "4:78: error: 'build' in target 't' has an unknown placeholder {mod}; the known ones "
          "are {workers} {mode} {dir} {suite} {assay} {host} {cpus}"               },
        { __LINE__,
         TARGET_OF(
              "name: t, processes: [{name: a, start: a, ready: \"/{b}\"}, {name: b, start: b}]"),
         "4:60: error: 'ready' in process 'a' of target 't' has an unknown placeholder {b}; the "
          "known ones are {workers} {dir} {suite} {assay} {host} {cpus} {port} {ports} {socket} "
          "{workload} {load}"                                                      },
        { __LINE__, WORKLOAD(", verify: \"ask {port}\""),
         "2:40: error: 'verify' in workload 'w' has an unknown placeholder {port}; the known ones "
          "are {workers} {dir} {suite} {assay} {host} {cpus}"                      },
    };

    refuse(cases, sizeof(cases) / sizeof(cases[0]));
    (void)state;
}

/* Its factors are its own business: another target's `verify` may name them. */
static void a_command_is_checked_for_those_that_it_is_asked_of(void **state)
{
    static const char TEXT[] =
        SUITE "workloads: [{name: w, path: /, verify: \"ask {mode}\"}, {name: v, path: /}]\n" LOADS
              "targets: [{name: t, start: run, factors: [{name: mode, values: [a]}]},\n"
              "  {name: u, start: run, workloads: [v]}, {name: c, start: run, ceiling: true}]\n";
    struct suite *suite;
    struct error err;

    if (!suite_parse(slice_of(TEXT), "suite.yaml", ".", &suite, &err))
        fail_msg("%s", err.text);
    suite_free(suite);
    (void)state;
}

/* ---- too much of something: texts that are made here ---- */

/* `head`, then `count` times `each` (with its number), then `tail`. */
static struct slice repeated(const char *head, const char *each, unsigned count, const char *tail)
{
    static char buffer[1 << 16];
    struct text text = TEXT(buffer);

    text_add(&text, slice_of(head));
    for (unsigned i = 0; i < count; i++) {
        const char *mark = strchr(each, '#');

        text_add(&text, (struct slice){ each, (size_t)(mark - each) });
        text_format(&text, "%u", i);
        text_add(&text, slice_of(mark + 1));
    }
    text_add(&text, slice_of(tail));
    assert_false(text.cut);
    return (struct slice){ text.ptr, text.len };
}

static void too_many_of_anything_are_refused_with_the_limit(void **state)
{
    static const struct {
        int line;
        const char *head, *each;
        unsigned count;
        const char *tail, *error;
    } cases[] = {
        {__LINE__,  SUITE WORKLOADS "loads: [",                                         "{name: l#},",              65,  "]\n" TARGETS,
         "3:8: error: 'loads' in the suite has 65 entries; the limit is 64"          },
        { __LINE__, SUITE "workloads: [",                                               "{name: w#, path: /},",     65,  "]\n" LOADS TARGETS,
         "2:12: error: 'workloads' in the suite has 65 entries; the limit is 64"     },
        { __LINE__, SUITE WORKLOADS LOADS "targets: [",                                 "{name: t#, start: run},",  257, "]\n",
         "4:10: error: 'targets' in the suite has 257 entries; the limit is 256"     },
        { __LINE__, ADDED("presets: ["),                                                "{name: p#},",              33,  "]\n",
         "5:10: error: 'presets' in the suite has 33 entries; the limit is 32"       },
        { __LINE__, SUITE "workloads: [{name: w, path: /, headers: [",                  "'A: #',",                  33,
         "]}]\n" LOADS TARGETS,
         "2:41: error: 'headers' in workload 'w' has 33 entries; the limit is 32"    },
        { __LINE__, SUITE "workloads: [{name: w, path: /, expect: {headers: [",         "'A#: x',",                 9,
         "]}}]\n" LOADS TARGETS,
         "2:40: error: 9 headers are expected of an answer; at most 8 can be checked"},
        { __LINE__, SUITE "workloads: [{name: w, path: '/",                             "{nonce}#",                 9,   "'}]\n" LOADS TARGETS,
         "2:13: error: {nonce} stands in 9 places of the request and 0 of the answer; the "
          "limits are 8 and 8"                                                       },
        { __LINE__, ADDED("factors: ["),                                                "{name: f#, values: [a]},", 17,  "]\n",
         "5:10: error: 'factors' in the suite has 17 entries; the limit is 16"       },
        { __LINE__,
         "factors: [{name: a, values: [1]}]\n" SUITE WORKLOADS LOADS
          "targets: [{name: t, start: run, factors: [",                                 "{name: f#, values: [a]},", 16,  "]}]\n",
         "5:42: error: 'factors' in target 't' are more than 16, with those of the suite; leave "
          "some out"                                                                 },
        { __LINE__, SUITE WORKLOADS LOADS "targets: [{name: t, start: run, factors: [",
         "{name: f#, values: [a, b]},",                                                                             11,  "]}]\n",
         "4:11: error: with this target the suite has more than 1024 variants; take out values "
          "of factors"                                                               },
        { __LINE__, SUITE WORKLOADS LOADS "targets: [{name: t, start: run, factors: [",
         "{name: f#, values: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q]},",                                16,  "]}]\n",
         "4:11: error: with this target the suite has more than 1024 variants; take out values "
          "of factors"                                                               },
        { __LINE__, SUITE WORKLOADS "loads: [{name: x",                                 "0#",                       32,  "}]\n" TARGETS,
         "3:16: error: 'name' in load 'x00010203040506070809010011012013014015016017018019020021"
          "0220230240250260270...' must be a letter or digit and up to 62 more of them or of . _ "
          "+ -, not 'x000102030405060708090100110120130140150160170180190200210220230240250260270"
          "...'"                                                                     },
        { __LINE__, ADDED("title: "),                                                   "a#",                       80,  "\n",
         "5:8: error: 'title' in the suite has 230 bytes; the limit is 200"          },
        { __LINE__,
         SUITE WORKLOADS LOADS "targets: [{name: t, start: run, factors: [{name: m, "
                                "values: [",                                            "a#",                       27,  "]}]}]\n",
         "4:62: error: entry 1 of 'values' in factor 'm' of target 't' has 71 bytes; the limit is "
          "63"                                                                       },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_refused(cases[i].line,
                      repeated(cases[i].head, cases[i].each, cases[i].count, cases[i].tail),
                      cases[i].error);
    (void)state;
}

/* As dense as a file can be, and long: the memory planned for it, so much a byte, must do. */
#define DENSE_BYTES (SUITE_FILE_MAX / 4)

static void the_densest_files_are_refused_like_others(void **state)
{
    static const struct {
        const char *head, *each, *error;
    } cases[] = {
        {"suite: [",    "a,",  "suite.yaml:1:8: error: 'suite' in the suite must be a text"},
        { "suite: {",   "a,",  "suite.yaml:1:8: error: 'suite' in the suite must be a text"},
        { "suite: [\"", "\\L", "suite.yaml:1:8: error: 'suite' in the suite must be a text"},
        { "",           "? ",  "suite.yaml:1:3: error: a key must be text"                 },
        { "",           "- ",  "suite.yaml:1:"                                             },
        { "",           "[",   "suite.yaml:1:18: error: nested deeper"                     },
        { "",           "a: ", "suite.yaml:1:5: error: not YAML"                           },
    };
    char *text = malloc(DENSE_BYTES);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t head = strlen(cases[i].head), each = strlen(cases[i].each);
        struct suite *suite = NULL;
        struct error err = { .text = "" };

        for (size_t at = 0; at < DENSE_BYTES; at++)
            text[at] = at < head ? cases[i].head[at] : cases[i].each[(at - head) % each];
        if (i < 2)
            text[DENSE_BYTES - 1] = i == 0 ? ']' : '}';
        if (i == 2)
            memcpy(text + DENSE_BYTES - 3, "L\"]", 3);
        assert_false(
            suite_parse((struct slice){ text, DENSE_BYTES }, "suite.yaml", ".", &suite, &err));
        assert_true(err.usage);
        if (strncmp(err.text, cases[i].error, strlen(cases[i].error)) != 0)
            fail_msg("case %zu: %s", i, err.text);
    }
    free(text);
    (void)state;
}

/* ---- the folder that the suites lie in ---- */

static char folder[] = "/tmp/assay-suite-test-XXXXXX";

static int enter_folder(void **state)
{
    FILE *body;

    (void)state;
    if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("targets", 0777) != 0)
        return -1;
    body = fopen("body.bin", "w");
    return body != NULL ? fclose(body) : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    unlink("body.bin");
    rmdir("targets");
    return chdir("/") != 0 || rmdir(folder) != 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_suite_that_the_cases_break_is_right),
        cmocka_unit_test(what_is_no_yaml_is_refused_with_its_place),
        cmocka_unit_test(files_built_otherwise_are_refused_with_the_nearest_right_key),
        cmocka_unit_test(numbers_out_of_range_are_refused_with_the_range),
        cmocka_unit_test(stages_that_contradict_the_load_are_refused_with_their_place),
        cmocka_unit_test(presets_that_name_nothing_are_refused_with_the_nearest),
        cmocka_unit_test(addresses_and_roles_that_cannot_be_are_refused),
        cmocka_unit_test(workloads_that_cannot_be_asked_or_checked_are_refused),
        cmocka_unit_test(names_that_would_break_tables_are_refused),
        cmocka_unit_test(targets_that_cannot_be_run_are_refused),
        cmocka_unit_test(shares_of_a_load_that_the_target_has_not_are_refused),
        cmocka_unit_test(placeholders_that_nothing_will_replace_are_refused),
        cmocka_unit_test(a_command_is_checked_for_those_that_it_is_asked_of),
        cmocka_unit_test(too_many_of_anything_are_refused_with_the_limit),
        cmocka_unit_test(the_densest_files_are_refused_like_others),
    };

    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
