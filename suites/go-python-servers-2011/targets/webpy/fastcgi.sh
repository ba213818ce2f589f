#!/bin/sh
# fastcgi.sh SOCKET PROCESSES BACKLOG -- the web.py application, spoken to in FastCGI on a Unix socket.
exec /usr/bin/uwsgi-core --plugins-dir /usr/lib/uwsgi/plugins --plugin python3 \
    --fastcgi-socket "$1" --processes "$2" --listen "$3" \
    --module app --need-app --master --die-on-term --disable-logging
