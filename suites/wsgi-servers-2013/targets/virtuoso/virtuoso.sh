#!/bin/sh
# virtuoso.sh create FOLDER              makes an empty data base in FOLDER/empty, once
# virtuoso.sh start FOLDER PORT CLIENTS  runs a fresh copy of it: HTTP on 127.0.0.1, SQL on 127.0.0.2
# virtuoso.sh fill PORT                  the graph, one class in it, the right to change it by HTTP
#
# CLIENTS is Virtuoso's limit of clients: 10 as Debian sets it, or "raised" to 200.
set -eu
export LC_ALL=C

here=$(dirname "$(realpath "$0")")
graph=http://graph-uri

configure()
{
    clients=$3
    [ "$clients" != raised ] || clients=200
    sed -e "s/@PORT@/$2/" -e "s/@CLIENTS@/$clients/" "$here/virtuoso.ini.in" >"$1/virtuoso.ini"
}

sql()
{
    isql-vt "127.0.0.2:$1" dba dba ERRORS=stdout VERBOSE=OFF PROMPT=OFF BANNER=OFF EXEC="$2"
}

# The first start makes the data base, which takes seconds; SHUTDOWN() leaves it closed and complete.
create()
{
    [ ! -e "$1/empty/virtuoso.db" ] || exit 0
    rm -rf "$1/making"
    mkdir "$1/making"
    port=$(/usr/bin/python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
    configure "$1/making" "$port" 10
    cd "$1/making"
    virtuoso-t +configfile virtuoso.ini +foreground &
    tries=0
    until sql "$port" 'select 1;' >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || { kill $!; echo "no data base after 60 s: see $1/making" >&2; exit 1; }
        sleep 0.2
    done
    sql "$port" 'shutdown;' >/dev/null 2>&1 || true # it hangs up on us
    wait $!
    mv "$1/making" "$1/empty"
}

case $1 in
create)
    create "$2"
    ;;
start)
    rm -rf "$2/run"
    cp -r --sparse=always "$2/empty" "$2/run"
    configure "$2/run" "$3" "$4"
    cd "$2/run"
    exec virtuoso-t +configfile virtuoso.ini +foreground
    ;;
fill)
    sql "$2" "SPARQL CREATE GRAPH <$graph>;
        SPARQL INSERT INTO <$graph> { <http://graph-uri/First> a <http://www.w3.org/2002/07/owl#Class> };
        GRANT SPARQL_UPDATE TO \"SPARQL\";"
    ;;
esac
