#!/bin/sh
# serve.sh STACK APPLICATION PORT WORKERS -- serves APPLICATION.py on one of the stacks of the study.
#
# Of uWSGI's sockets it is http-socket, as in the study: a connection a request. --http11-socket keeps
# connections, but each of its processes then serves only one of them until that one goes away, and
# with 1000 connections 996 would wait for ever.
set -eu

stack=$1 application=$2 address=127.0.0.1:$3 workers=$4

case $stack in
uwsgi)
    exec /usr/bin/uwsgi-core --plugins-dir /usr/lib/uwsgi/plugins --plugin python3 \
        --http-socket "$address" --listen 1024 --master --processes "$workers" --die-on-term \
        --need-app --disable-logging --module "$application:app"
    ;;
gunicorn)
    exec /usr/bin/python3 -m gunicorn -b "$address" -w "$workers" --log-level warning "$application:app"
    ;;
gunicorn-pypy)
    exec /usr/bin/pypy3 -m gunicorn -b "$address" -w "$workers" --log-level warning "$application:app"
    ;;
uvicorn)
    exec /usr/bin/python3 -m uvicorn --host 127.0.0.1 --port "$3" --workers "$workers" \
        --log-level warning --no-access-log --lifespan off "$application:app"
    ;;
uvicorn-pypy) # where uvloop and httptools do not exist
    exec /usr/bin/pypy3 -m uvicorn --loop asyncio --http h11 --host 127.0.0.1 --port "$3" \
        --workers "$workers" --log-level warning --no-access-log --lifespan off "$application:app"
    ;;
own)
    exec /usr/bin/python3 "$application.py" "$3" "$workers"
    ;;
own-pypy)
    exec /usr/bin/pypy3 "$application.py" "$3" "$workers"
    ;;
*)
    echo "serve.sh: no stack is called '$stack'" >&2
    exit 2
    ;;
esac
