#include "server/listen_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/fault.h"
#include "net/sock.h"
#include "probe/proc.h"

/* The kernel cuts it to net.core.somaxconn (4096 by default). A shorter one drops connects when
 * thousands of clients start at once, and a dropped connect comes back only after a second. */
#define BACKLOG 4096

static bool taken(uint16_t port, struct error *err)
{
    char name[PROC_NAME_MAX], shown[4 * PROC_NAME_MAX]; /* escaped, a byte can become four */
    struct text text = TEXT(shown);
    int32_t pid = proc_listener("", port, name);

    text_add_escaped(&text, slice_of(name));
    if (pid > 0)
        error_set(err, 0, "port %u on 127.0.0.1 is taken by pid %d %s", port, pid, shown);
    else
        error_set(err, 0, "port %u on 127.0.0.1 is taken by another program", port);
    err->sys = EADDRINUSE;
    return false;
}

static bool set_on(int fd, int level, int option)
{
    int on = 1;

    return setsockopt(fd, level, option, &on, sizeof(on)) == 0;
}

/* The first socket binds without SO_REUSEPORT and gets it afterwards: so no second server can slip
 * onto a port in use, while our own further sockets can join. Accepted sockets inherit the options,
 * which saves system calls a connection. */
static bool open_one(uint16_t *port, bool first, bool shared, int fd, struct error *err)
{
    struct sockaddr_in in = { .sin_family = AF_INET,
                              .sin_port = htons(*port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(in);

    if (!set_on(fd, SOL_SOCKET, SO_REUSEADDR) || !sock_send_at_once(fd))
        return error_set(err, errno, "set options of the listening socket");
    if (!first && !set_on(fd, SOL_SOCKET, SO_REUSEPORT))
        return error_set(err, errno, "share port %u among threads", *port);
    if (bind(fd, (struct sockaddr *)&in, len) < 0) {
        if (errno == EADDRINUSE && *port != 0)
            return taken(*port, err);
        return error_set(err, errno, "bind to port %u on 127.0.0.1", *port);
    }
    if (first && shared && !set_on(fd, SOL_SOCKET, SO_REUSEPORT))
        return error_set(err, errno, "share port %u among threads", *port);
    if (listen(fd, BACKLOG) < 0)
        return errno == EADDRINUSE ? taken(*port, err)
                                   : error_set(err, errno, "listen on port %u", *port);
    if (getsockname(fd, (struct sockaddr *)&in, &len) < 0)
        return error_set(err, errno, "ask for the port");
    *port = ntohs(in.sin_port);
    return true;
}

static int open_socket(int family)
{
    if (fault_hit(FAULT_OPEN)) {
        errno = EMFILE;
        return -1;
    }
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static void close_all(const int *fds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

bool listen_open(uint16_t *port, uint32_t count, int *ret_fds, struct error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        int fd = open_socket(AF_INET);
        bool opened = fd >= 0 ? open_one(port, i == 0, count > 1, fd, err)
                              : error_set(err, errno, "open a listening socket");

        ret_fds[i] = fd;
        if (!opened) {
            close_all(ret_fds, i + 1);
            return false;
        }
    }
    return true;
}

/* ---- Unix ---- */

/* A socket's file whose server has ended: nobody would answer a connect there. */
static bool is_left_over(const struct addr *addr)
{
    struct stat about;
    bool refused;
    int fd;

    if (lstat(addr->un.sun_path, &about) < 0 || !S_ISSOCK(about.st_mode))
        return false;
    fd = open_socket(AF_UNIX);
    if (fd < 0)
        return false;
    refused = connect(fd, &addr->any, addr->len) < 0 && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

static bool listen_unix(int fd, const struct addr *addr, struct error *err)
{
    char where[ADDR_TEXT_MAX];
    int bound = bind(fd, &addr->any, addr->len);

    if (bound < 0 && errno == EADDRINUSE && is_left_over(addr)) {
        unlink(addr->un.sun_path);
        bound = bind(fd, &addr->any, addr->len);
    }
    if (bound < 0)
        return error_set(err, errno, "bind to %s", addr_text(addr, where));
    if (listen(fd, BACKLOG) < 0)
        return error_set(err, errno, "listen on %s", addr_text(addr, where));
    return true;
}

bool listen_open_unix(const struct addr *addr, uint32_t count, int *ret_fds, struct error *err)
{
    ret_fds[0] = open_socket(AF_UNIX);
    if (ret_fds[0] < 0)
        return error_set(err, errno, "open a listening socket");
    if (!listen_unix(ret_fds[0], addr, err)) {
        close(ret_fds[0]);
        return false;
    }
    for (uint32_t i = 1; i < count; i++) {
        ret_fds[i] = fcntl(ret_fds[0], F_DUPFD_CLOEXEC, 0);
        if (ret_fds[i] < 0) {
            error_set(err, errno, "open a listening socket");
            close_all(ret_fds, i);
            unlink(addr->un.sun_path);
            return false;
        }
    }
    return true;
}
