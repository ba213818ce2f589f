/* Our server: the answers as pure functions, then a real one on a free port of the loopback. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fault.h"
#include "server/listen_priv.h"
#include "server/server.h"
#include "server/worker_priv.h"

#define LINES(array) (sizeof(array) / sizeof((array)[0]))

#define HEAD "HTTP/1.1 200 OK\r\nServer: assay\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n"
#define ASK  "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#define CHUNKED                                                        \
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" \
    "3\r\nabc\r\n0\r\nT: 1\r\n\r\n"
#define SAID HEAD "\r\nyes"
#define EMPTY \
    "HTTP/1.1 200 OK\r\nServer: assay\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n"

static struct server_config config_of(struct slice body)
{
    return (
        struct server_config){ .threads = 1, .body = body, .content_type = SLICE("text/plain") };
}

/* ---- the answers ---- */

static bool answer(const struct server_config *config, const char *request, struct text *said)
{
    struct slice input = slice_of(request), body;
    struct out out = { 0 };
    struct answers answers;
    struct arena arena;
    struct http1 p;
    struct error err;
    bool goes_on;

    assert_true(arena_map(&arena, answers_bytes(config) + 64, &err));
    answers_render(config, &arena, &answers);
    http1_begin(&p, HTTP1_REQUEST, false, NULL, 0);
    assert_int_equal(http1_step(&p, &input, &body), HTTP1_HEAD);
    assert_int_equal(http1_step(&p, &input, &body), HTTP1_DONE);
    goes_on = respond(&answers, &p, &out);
    for (unsigned i = 0; i < out.count; i++)
        text_add(said, (struct slice){ out.pieces[i].iov_base, out.pieces[i].iov_len });
    arena_unmap(&arena);
    return goes_on;
}

static void an_answer_announces_what_becomes_of_the_connection(void **state)
{
    static const struct {
        int line;
        bool close;
        const char *request, *answer;
        bool goes_on;
    } cases[] = {
        {__LINE__,  false, ASK,                                                        SAID,                                true },
        { __LINE__, false, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", SAID,                                true },
        { __LINE__, false, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",                       HEAD "\r\n",                         true },
        { __LINE__, false, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
         HEAD "Connection: close\r\n\r\nyes",                                                                               false},
        { __LINE__, false, "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
         HEAD "Connection: close\r\n\r\n",                                                                                  false},
        { __LINE__, false, "GET / HTTP/1.0\r\n\r\n",                                   HEAD "Connection: close\r\n\r\nyes", false},
        { __LINE__, false, "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
         HEAD "Connection: keep-alive\r\n\r\nyes",                                                                          true },
        { __LINE__, true,  ASK,                                                        HEAD "Connection: close\r\n\r\nyes", false},
        { __LINE__, true,  "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",                       HEAD "Connection: close\r\n\r\n",
         false                                                                                                                   },
        { __LINE__, true,  "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
         HEAD "Connection: close\r\n\r\nyes",                                                                               false},
    };

    for (size_t i = 0; i < LINES(cases); i++) {
        struct server_config config = config_of(SLICE("yes"));
        char bytes[512];
        struct text said = TEXT(bytes);

        config.close = cases[i].close;
        if (answer(&config, cases[i].request, &said) != cases[i].goes_on ||
            strcmp(bytes, cases[i].answer) != 0)
            fail_msg("line %d: got %s", cases[i].line, bytes);
    }
    (void)state;
}

static void an_empty_body_is_announced_as_such(void **state)
{
    struct server_config config = config_of(SLICE(""));
    char bytes[512];
    struct text said = TEXT(bytes);

    assert_true(answer(&config, ASK, &said));
    assert_non_null(strstr(bytes, "\r\nContent-Length: 0\r\n\r\n"));
    assert_int_equal(said.len, strstr(bytes, "\r\n\r\n") + 4 - bytes);
    (void)state;
}

/* ---- a server and its client ---- */

static struct server *start(const struct server_config *config)
{
    struct server *server;
    struct error err = { 0 };

    if (!server_start(config, &server, &err))
        fail_msg("%s", err.text);
    return server;
}

static struct server *start_plain(void)
{
    struct server_config config = config_of(SLICE("yes"));

    return start(&config);
}

/* Gives up after 5 s: a test that hangs tells nobody why. */
static int dial_port(uint16_t port)
{
    struct sockaddr_in in = { .sin_family = AF_INET,
                              .sin_port = htons(port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval patience = { .tv_sec = 5 };
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    return fd;
}

static int dial(const struct server *server)
{
    return dial_port(server_port(server));
}

static void say(int fd, const void *bytes, size_t len)
{
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
}

static void say_text(int fd, const char *text)
{
    say(fd, text, strlen(text));
}

static void hear(int fd, const char *expected)
{
    char got[1024] = { 0 };
    size_t len = strlen(expected);

    assert_true(len < sizeof(got));
    if (recv(fd, got, len, MSG_WAITALL) != (ssize_t)len || strcmp(got, expected) != 0)
        fail_msg("expected %s\ngot %s", expected, got);
}

static void hear_end(int fd)
{
    char byte;

    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    close(fd);
}

/* A reset would make the second or third of these fail. */
static void hear_end_while_talking(int fd)
{
    char byte;

    for (int i = 0; i < 3; i++) {
        say_text(fd, ASK);
        assert_int_equal(recv(fd, &byte, 1, 0), 0);
    }
    close(fd);
}

static void stop(struct server *server, uint64_t connections, uint64_t requests)
{
    struct server_counts counts = server_stop(server);

    assert_int_equal(counts.connections, connections);
    assert_int_equal(counts.requests, requests);
}

static void a_connection_carries_many_requests(void **state)
{
    struct server *server = start_plain();
    int fd = dial(server);

    for (int i = 0; i < 100; i++) {
        say_text(fd, ASK);
        hear(fd, SAID);
    }
    assert_int_equal(server_counts(server).requests, 100);
    close(fd);
    stop(server, 1, 100);
    (void)state;
}

/* More than one batch of answers, and HEAD among them keeps its place. */
static void pipelined_requests_are_answered_in_order(void **state)
{
    struct server *server = start_plain();
    int fd = dial(server);
    char asks[200 * 64];
    struct text text = TEXT(asks);

    for (int i = 0; i < 200; i++)
        text_add(&text, i % 3 == 0 ? SLICE("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n") : SLICE(ASK));
    assert_false(text.cut);
    say(fd, asks, text.len);
    for (int i = 0; i < 200; i++)
        hear(fd, i % 3 == 0 ? HEAD "\r\n" : SAID);
    close(fd);
    stop(server, 1, 200);
    (void)state;
}

/* A complete request in front of each part makes sure that the server has read that part alone. */
static void a_request_may_be_cut_anywhere(void **state)
{
    static const char *const requests[] = {
        ASK,
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        CHUNKED,
    };
    struct server *server = start_plain();
    int fd = dial(server);
    uint64_t asked = 0;

    for (size_t r = 0; r < LINES(requests); r++) {
        size_t len = strlen(requests[r]);

        for (size_t cut = 1; cut < len; cut++) {
            char first[512];
            struct text text = TEXT(first);

            text_add(&text, SLICE(ASK));
            text_add(&text, (struct slice){ requests[r], cut });
            say(fd, first, text.len);
            hear(fd, SAID);
            say(fd, requests[r] + cut, len - cut);
            hear(fd, SAID);
            asked += 2;
        }
    }
    close(fd);
    stop(server, 1, asked);
    (void)state;
}

static void connections_that_are_midway_do_not_mix(void **state)
{
    struct server *server = start_plain();
    int a = dial(server), b = dial(server);

    for (int i = 0; i < 3; i++) {
        say_text(a, ASK "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na");
        hear(a, SAID);
        say_text(b, ASK "HEA");
        hear(b, SAID);
        say_text(a, "bc" ASK);
        hear(a, SAID SAID);
        say_text(b, "D / HTTP/1.1\r\nHost: x\r\n\r\n");
        hear(b, HEAD "\r\n");
    }
    close(a);
    close(b);
    stop(server, 2, 15);
    (void)state;
}

static void a_body_longer_than_a_read_is_drained(void **state)
{
    struct server *server = start_plain();
    size_t len = 1000 * 1000;
    char *body = calloc(1, len);
    int fd = dial(server);

    assert_non_null(body);
    for (int i = 0; i < 2; i++) {
        say_text(fd, "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
        say(fd, body, len);
        hear(fd, SAID);
    }
    free(body);
    close(fd);
    stop(server, 1, 2);
    (void)state;
}

static void a_client_that_waits_is_told_to_go_on(void **state)
{
    struct server *server = start_plain();
    int fd = dial(server);

    say_text(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                 "Expect: 100-continue\r\n\r\n");
    hear(fd, "HTTP/1.1 100 Continue\r\n\r\n");
    say_text(fd, "ab");
    hear(fd, SAID);
    close(fd);
    stop(server, 1, 1);
    (void)state;
}

/* 38 MiB of answers wait for a client that first only asks: partial writes, requests kept for
 * later. */
static void a_client_that_does_not_read_gets_all_of_it_later(void **state)
{
    enum { ASKS = 150, BODY = 256 * 1024 };
    char *body = malloc(BODY), *got = malloc(BODY);
    struct server_config config;
    struct server *server;
    int fd;

    assert_non_null(body);
    assert_non_null(got);
    for (size_t i = 0; i < BODY; i++)
        body[i] = (char)(i % 251);
    config = config_of((struct slice){ body, BODY });
    server = start(&config);
    fd = dial(server);
    for (int i = 0; i < ASKS; i++)
        say_text(fd, ASK);
    for (int i = 0; i < ASKS; i++) {
        hear(fd, "HTTP/1.1 200 OK\r\nServer: assay\r\nContent-Type: text/plain\r\n"
                 "Content-Length: 262144\r\n\r\n");
        assert_int_equal(recv(fd, got, BODY, MSG_WAITALL), BODY);
        assert_memory_equal(got, body, BODY);
    }
    free(body);
    free(got);
    close(fd);
    stop(server, 1, ASKS);
    (void)state;
}

static void a_connection_ends_where_the_answer_says_so(void **state)
{
    struct server_config config = config_of(SLICE("yes"));
    struct server *server = start_plain();
    int fd = dial(server);

    say_text(fd, "GET / HTTP/1.0\r\n\r\n");
    hear(fd, HEAD "Connection: close\r\n\r\nyes");
    hear_end(fd);
    stop(server, 1, 1);

    config.close = true;
    server = start(&config);
    for (int i = 0; i < 3; i++) {
        fd = dial(server);
        say_text(fd, ASK);
        hear(fd, HEAD "Connection: close\r\n\r\nyes");
        hear_end(fd);
    }
    stop(server, 3, 3);
    (void)state;
}

/* What was pipelined behind the last request is neither answered nor counted, and does not turn the
 * close into a reset that could swallow the answer. */
static void requests_behind_the_last_one_do_no_harm(void **state)
{
    struct server *server = start_plain();
    int fd = dial(server);

    say_text(fd, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" ASK ASK);
    hear(fd, HEAD "Connection: close\r\n\r\nyes");
    hear_end_while_talking(fd);
    stop(server, 1, 1);
    (void)state;
}

static void bytes_that_are_no_request_get_400_and_a_reason(void **state)
{
    struct server *server = start_plain();
    char got[512] = { 0 };
    int fd = dial(server);

    say_text(fd, ASK "nonsense\r\n\r\n");
    hear(fd, SAID "HTTP/1.1 400 Bad Request\r\nServer: assay\r\nContent-Type: text/plain\r\n"
                  "Connection: close\r\n\r\n");
    assert_true(recv(fd, got, sizeof(got) - 1, MSG_WAITALL) > 5);
    assert_string_equal(strchr(got, '\n'), "\n");
    hear_end_while_talking(fd);
    stop(server, 1, 1);
    (void)state;
}

/* The books of both sides must agree, even when the client left without hearing its answers and the
 * server is far behind: here it begins only after it was told to stop. */
static void requests_that_arrived_before_the_stop_are_counted(void **state)
{
    enum { CLIENTS = 200 };
    struct server_config config = config_of(SLICE("yes"));
    struct conn *conns = calloc(1024, sizeof(*conns));
    uint64_t one = 1;
    struct answers answers;
    struct arena arena;
    struct error err;
    struct worker *w;
    uint16_t port = 0;

    assert_non_null(conns);
    assert_true(arena_map(&arena, answers_bytes(&config) + sizeof(*w) + 1024, &err));
    answers_render(&config, &arena, &answers);
    w = arena_new(&arena, struct worker, 1);
    w->answers = &answers;
    w->conns = conns;
    w->conn_limit = 1024;
    w->stop = eventfd(0, EFD_NONBLOCK);
    assert_true(listen_open(&port, 1, &w->listener, &err));
    assert_true(worker_open(w, &err));
    for (int i = 0; i < CLIENTS; i++) {
        int fd = dial_port(port);

        say_text(fd, ASK);
        close(fd);
    }
    assert_int_equal(write(w->stop, &one, sizeof(one)), sizeof(one));
    worker_run(w);
    assert_int_equal(w->connections, CLIENTS);
    assert_int_equal(w->requests, CLIENTS);
    worker_close(w);
    close(w->listener);
    close(w->stop);
    arena_unmap(&arena);
    free(conns);
    (void)state;
}

static void a_stopped_server_ends_its_connections(void **state)
{
    struct server *server = start_plain();
    int fds[3];

    for (int i = 0; i < 3; i++) {
        fds[i] = dial(server);
        say_text(fds[i], ASK "GET / HT"); /* answered, and one midway */
        hear(fds[i], SAID);
    }
    stop(server, 3, 3);
    for (int i = 0; i < 3; i++)
        hear_end(fds[i]);
    (void)state;
}

static void threads_share_one_port(void **state)
{
    struct server_config config = config_of(SLICE("yes"));
    struct server *server;

    config.threads = 3;
    server = start(&config);
    for (int i = 0; i < 30; i++) {
        int fd = dial(server);

        say_text(fd, ASK);
        hear(fd, SAID);
        close(fd);
    }
    stop(server, 30, 30);
    (void)state;
}

/* A body of nothing must not be left over to be sent for ever. */
static void every_piece_of_an_answer_has_bytes(void **state)
{
    struct server_config config = config_of(SLICE(""));
    struct server *server = start(&config);
    int fd = dial(server);

    say_text(fd, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    hear(fd, EMPTY "Connection: close\r\n\r\n");
    hear_end(fd);
    stop(server, 1, 1);
    (void)state;
}

/* ---- an oracle ---- */

static struct behave told(const char *modes)
{
    struct behave b = { .seed = 1 };

    while (*modes != '\0') {
        size_t len = strcspn(modes, " ");
        struct error err = { 0 };

        if (!behave_add(&b, (struct slice){ modes, len }, &err))
            fail_msg("%s", err.text);
        modes += len + (modes[len] == ' ');
    }
    return b;
}

static struct server *start_oracle(const char *modes)
{
    struct behave oracle = told(modes);
    struct server_config config = config_of(SLICE("yes"));

    config.oracle = &oracle;
    return start(&config);
}

static struct server_counts stop_oracle(struct server *server, uint64_t requests)
{
    struct server_counts counts = server_stop(server);

    assert_int_equal(counts.requests, requests);
    return counts;
}

/* The first ones are right. */
static void hear_the_truth(int fd)
{
    for (int i = 0; i < BEHAVE_HONEST; i++) {
        say_text(fd, ASK);
        hear(fd, SAID);
    }
}

static void each_kind_of_lie_is_that_lie_and_is_counted(void **state)
{
    static const struct {
        const char *mode, *answer;
        enum lie lie;
        bool ends;
    } cases[] = {
        {"liar:500/1",
         "HTTP/1.1 500 Internal Server Error\r\nServer: assay\r\nContent-Type: text/plain\r\n"
          "Content-Length: 3\r\n\r\nno\n", LIE_500,    false},
        { "liar:short/1",  HEAD "\r\ny",   LIE_SHORT,  true },
        { "liar:length/1",
         "HTTP/1.1 200 OK\r\nServer: assay\r\nContent-Type: text/plain\r\nContent-Length: "
          "4\r\n\r\n"
          "yes!",                          LIE_LENGTH, false},
    };

    for (size_t i = 0; i < LINES(cases); i++) {
        struct server *server = start_oracle(cases[i].mode);
        int fd = dial(server);

        hear_the_truth(fd);
        say_text(fd, ASK);
        hear(fd, cases[i].answer);
        if (cases[i].ends)
            hear_end(fd);
        else
            close(fd);
        assert_int_equal(stop_oracle(server, BEHAVE_HONEST + 1).lies[cases[i].lie], 1);
    }
    (void)state;
}

static void a_flipped_answer_differs_in_one_bit(void **state)
{
    struct server *server = start_oracle("liar:flip/1");
    int fd = dial(server);

    hear_the_truth(fd);
    for (int i = 0; i < 20; i++) {
        char got[sizeof(SAID)] = { 0 };
        unsigned bits = 0;

        say_text(fd, ASK);
        assert_int_equal(recv(fd, got, strlen(SAID), MSG_WAITALL), strlen(SAID));
        for (size_t at = 0; at < strlen(SAID); at++)
            bits += (unsigned)__builtin_popcount((unsigned char)got[at] ^ (unsigned char)SAID[at]);
        assert_int_equal(bits, 1);
        assert_memory_equal(got, HEAD "\r\n", strlen(HEAD "\r\n"));
    }
    close(fd);
    assert_int_equal(stop_oracle(server, BEHAVE_HONEST + 20).lies[LIE_FLIP], 20);
    (void)state;
}

#define ECHO(path)                                                                     \
    "HTTP/1.1 200 OK\r\nServer: assay\r\nContent-Type: text/plain\r\nContent-Length: " \
    "16\r\n\r\n" path

static void the_previous_answer_is_an_echo_of_the_request_before(void **state)
{
    struct server *server = start_oracle("liar:previous/1");
    int fd = dial(server);

    for (int i = 0; i < BEHAVE_HONEST; i++) {
        say_text(fd, "GET /?n=0123456789abcdef HTTP/1.1\r\nHost: x\r\n\r\n");
        hear(fd, ECHO("0123456789abcdef"));
    }
    say_text(fd, "GET /?n=0123456789xxxxxx HTTP/1.1\r\nHost: x\r\n\r\n");
    hear(fd, ECHO("0123456789abcdef"));
    say_text(fd, "GET /short HTTP/1.1\r\nHost: x\r\n\r\n");
    hear(fd, ECHO("0123456789xxxxxx"));
    close(fd);
    assert_int_equal(stop_oracle(server, BEHAVE_HONEST + 2).lies[LIE_PREVIOUS], 2);
    (void)state;
}

static void answers_that_wait_do_not_mix(void **state)
{
    struct server *server = start_oracle("liar:previous/1000000 delay:20ms");
    int first = dial(server), second = dial(server);

    say_text(first, "GET /first HTTP/1.1\r\nHost: x\r\n\r\n");
    say_text(second, "GET /second HTTP/1.1\r\nHost: x\r\n\r\n");
    hear(first, ECHO("          /first"));
    hear(second, ECHO("         /second"));
    close(first);
    close(second);
    stop(server, 2, 2);
    (void)state;
}

static void a_connection_ends_with_its_kth_answer(void **state)
{
    struct server *server = start_oracle("closeevery:3");

    for (int i = 0; i < 2; i++) {
        int fd = dial(server);

        say_text(fd, ASK ASK ASK);
        hear(fd, SAID SAID HEAD "Connection: close\r\n\r\nyes");
        hear_end(fd);
    }
    assert_int_equal(stop_oracle(server, 6).closes, 2);
    (void)state;
}

/* The worker has 20 ms for each; what is asked at once is answered one after the other, in order,
 * never early; who has left by then does no harm. */
static void answers_of_one_worker_leave_one_service_apart(void **state)
{
    struct server *server = start_oracle("md1:20ms");
    struct mono asked = mono_now();
    int first = dial(server), leaves = dial(server), last;

    say_text(first, ASK ASK);
    say_text(leaves, ASK);
    close(leaves);
    hear(first, SAID);
    assert_true(mono_diff_ns(asked, mono_now()) >= 20 * MILLISECOND_NS);
    hear(first, SAID);
    assert_true(mono_diff_ns(asked, mono_now()) >= 40 * MILLISECOND_NS);
    last = dial(server);
    say_text(last, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    hear(last, HEAD "Connection: close\r\n\r\nyes");
    hear_end(last);
    assert_true(mono_diff_ns(asked, mono_now()) >= 80 * MILLISECOND_NS);
    close(first);
    stop(server, 3, 4);
    (void)state;
}

/* The client ends its side meanwhile: the worker then looks away from the connection. */
static void an_oracle_can_be_stopped_while_answers_wait(void **state)
{
    struct server *server = start_oracle("delay:1h leak:1k lateaccept:1ms twowrites");
    int fd = dial(server);

    say_text(fd, ASK ASK);
    while (server_counts(server).requests == 0)
        usleep(1000);
    shutdown(fd, SHUT_WR);
    stop(server, 1, 1);
    hear_end(fd);
    (void)state;
}

/* Each request has another worker, a request in pieces included. */
static void a_connection_goes_from_worker_to_worker(void **state)
{
    struct server *server = start_oracle("workers:1/1/1");
    int fd = dial(server);

    for (int i = 0; i < 30; i++) {
        say_text(fd, ASK "GET / HT");
        hear(fd, SAID);
        say_text(fd, "TP/1.1\r\nHost: x\r\n\r\n");
        hear(fd, SAID);
    }
    close(fd);
    stop(server, 1, 60);
    (void)state;
}

/* ---- what can be refused ---- */

/* Also with threads, whose sockets share a port: a stranger's must not. */
static void a_port_in_use_is_refused(void **state)
{
    for (uint32_t threads = 1; threads <= 2; threads++) {
        struct server_config config = config_of(SLICE("yes"));
        struct server *server, *second;
        struct error err = { 0 };
        char expected[64];

        config.threads = threads;
        server = start(&config);
        config.port = server_port(server);
        assert_false(server_start(&config, &second, &err));
        assert_int_equal(err.sys, EADDRINUSE);
        assert_false(err.usage);
        snprintf(expected, sizeof(expected), "port %u on 127.0.0.1 is taken by pid %d ",
                 config.port, (int)getpid());
        if (strncmp(err.text, expected, strlen(expected)) != 0)
            fail_msg("expected %s..., got %s", expected, err.text);
        stop(server, 0, 0);
    }
    (void)state;
}

static void who_has_a_port_cannot_control_the_terminal_by_its_name(void **state)
{
    struct server_config config = config_of(SLICE("yes"));
    struct server *server = start(&config), *second;
    struct error err = { 0 };
    char before[16];

    config.port = server_port(server);
    prctl(PR_GET_NAME, before, 0, 0, 0);
    prctl(PR_SET_NAME, "\x1b[31mred", 0, 0, 0);
    assert_false(server_start(&config, &second, &err));
    prctl(PR_SET_NAME, before, 0, 0, 0);
    assert_non_null(strstr(err.text, "\\x1b[31mred"));
    assert_null(strchr(err.text, '\x1b'));
    stop(server, 0, 0);
    (void)state;
}

static void a_configuration_out_of_range_is_the_users_fault(void **state)
{
    struct server_config configs[] = { config_of(SLICE("yes")), config_of(SLICE("yes")),
                                       config_of(SLICE("yes")), config_of(SLICE("yes")),
                                       config_of(SLICE("yes")) };
    struct server *server;

    configs[0].threads = 0;
    configs[1].threads = SERVER_THREADS_MAX + 1;
    configs[2].content_type = SLICE("");
    configs[3].content_type = SLICE("text/plain\r\nX: y");
    configs[4].body.len = SERVER_BODY_MAX + 1;
    for (size_t i = 0; i < LINES(configs); i++) {
        struct error err = { 0 };

        assert_false(server_start(&configs[i], &server, &err));
        assert_true(err.usage);
    }
    (void)state;
}

static void an_oracle_out_of_range_is_the_users_fault(void **state)
{
    struct behave flip = told("liar:flip/1"), apart = told("twowrites"),
                  ends = told("closeevery:2");
    struct server_config configs[] = { config_of(SLICE("")), config_of(SLICE("yes")),
                                       config_of(SLICE("yes")), config_of(SLICE("yes")) };
    struct server *server;

    configs[0].oracle = &flip;
    configs[1].oracle = &flip;
    configs[1].threads = 2;
    configs[2].oracle = &apart;
    configs[2].unix_socket = "/tmp/assay-test-never-made";
    configs[3].oracle = &ends;
    configs[3].close = true;
    for (size_t i = 0; i < LINES(configs); i++) {
        struct error err = { 0 };

        assert_false(server_start(&configs[i], &server, &err));
        assert_true(err.usage);
    }
    (void)state;
}

static void refuse_each_call(struct server_config config)
{
    static const enum fault_kind kinds[] = { FAULT_MEMORY, FAULT_OPEN };

    for (size_t k = 0; k < LINES(kinds); k++) {
        int spare = dup(0); /* the lowest free descriptor, before and after */
        struct server *server = NULL;
        unsigned nth = 0;
        bool started;

        close(spare);
        do {
            struct error err = { 0 };

            fault_arm(kinds[k], ++nth);
            started = server_start(&config, &server, &err);
            fault_arm(kinds[k], 0);
            assert_true(started || err.text[0] != '\0');
            if (!started) {
                int now = dup(0);

                close(now);
                assert_int_equal(now, spare);
            }
        } while (!started);
        assert_true(nth > 1);
        stop(server, 0, 0);
    }
}

static void a_start_that_the_system_refuses_leaves_nothing_behind(void **state)
{
    struct behave oracle = told("leak:1k");
    struct server_config config = config_of(SLICE("yes"));

    config.oracle = &oracle;
    refuse_each_call(config);
    config.oracle = NULL;
    config.threads = 2;
    refuse_each_call(config);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_announces_what_becomes_of_the_connection),
        cmocka_unit_test(an_empty_body_is_announced_as_such),
        cmocka_unit_test(a_connection_carries_many_requests),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(a_request_may_be_cut_anywhere),
        cmocka_unit_test(connections_that_are_midway_do_not_mix),
        cmocka_unit_test(a_body_longer_than_a_read_is_drained),
        cmocka_unit_test(a_client_that_waits_is_told_to_go_on),
        cmocka_unit_test(a_client_that_does_not_read_gets_all_of_it_later),
        cmocka_unit_test(a_connection_ends_where_the_answer_says_so),
        cmocka_unit_test(requests_behind_the_last_one_do_no_harm),
        cmocka_unit_test(bytes_that_are_no_request_get_400_and_a_reason),
        cmocka_unit_test(requests_that_arrived_before_the_stop_are_counted),
        cmocka_unit_test(a_stopped_server_ends_its_connections),
        cmocka_unit_test(threads_share_one_port),
        cmocka_unit_test(every_piece_of_an_answer_has_bytes),
        cmocka_unit_test(each_kind_of_lie_is_that_lie_and_is_counted),
        cmocka_unit_test(a_flipped_answer_differs_in_one_bit),
        cmocka_unit_test(the_previous_answer_is_an_echo_of_the_request_before),
        cmocka_unit_test(answers_that_wait_do_not_mix),
        cmocka_unit_test(a_connection_ends_with_its_kth_answer),
        cmocka_unit_test(answers_of_one_worker_leave_one_service_apart),
        cmocka_unit_test(an_oracle_can_be_stopped_while_answers_wait),
        cmocka_unit_test(a_connection_goes_from_worker_to_worker),
        cmocka_unit_test(an_oracle_out_of_range_is_the_users_fault),
        cmocka_unit_test(a_port_in_use_is_refused),
        cmocka_unit_test(who_has_a_port_cannot_control_the_terminal_by_its_name),
        cmocka_unit_test(a_configuration_out_of_range_is_the_users_fault),
        cmocka_unit_test(a_start_that_the_system_refuses_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
