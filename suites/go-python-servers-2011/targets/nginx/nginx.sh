#!/bin/sh
# nginx.sh PORT DIR tornado PORT... | nginx.sh PORT DIR fastcgi SOCKET
#
# nginx in the foreground with one worker, all of its files in DIR: in front of Tornado on these ports,
# or of a FastCGI server on this Unix socket. Its errors go to stderr, which Assay keeps.
set -eu
port=$1
dir=$2
kind=$3
shift 3

# The worker must be allowed to write to the socket; nginx may say who it is only where it is root.
user=
[ "$(id -u)" -ne 0 ] || user="user $(id -un) $(id -gn);"

# The variables in single quotes are nginx's.
# shellcheck disable=SC2016
case $kind in
tornado)
    # max_fails=0: else nginx leaves a back end alone for 10 s that was once too slow to answer.
    servers=
    for back in "$@"; do
        servers="$servers server 127.0.0.1:$back max_fails=0;"
    done
    # As in Tornado's documentation.
    pass='proxy_pass_header Server; proxy_set_header Host $http_host; proxy_redirect off;
            proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Scheme $scheme;
            proxy_pass http://back;'
    ;;
fastcgi)
    servers="server unix:$1 max_fails=0;"
    pass='include /etc/nginx/fastcgi_params; fastcgi_param PATH_INFO $document_uri;
            fastcgi_param SCRIPT_NAME ""; fastcgi_pass back;'
    ;;
*)
    echo "nginx.sh: tornado or fastcgi, not '$kind'" >&2
    exit 2
    ;;
esac

cat >"$dir/nginx.conf" <<END
$user
daemon off;
worker_processes 1;
pid $dir/nginx.pid;
error_log stderr warn;
events {
    worker_connections 4096;
}
http {
    access_log off;
    client_body_temp_path $dir/body;
    proxy_temp_path $dir/proxy;
    fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi;
    scgi_temp_path $dir/scgi;
    # The default closes each connection after 1000 requests.
    keepalive_requests 1000000000;
    # Paths go to the back end as they came.
    merge_slashes off;
    upstream back {
        $servers
    }
    server {
        listen 127.0.0.1:$port backlog=1024;
        location / {
            $pass
        }
    }
}
END
# Debian keeps nginx in /usr/sbin, which is not on everybody's PATH.
exec /usr/sbin/nginx -e stderr -c "$dir/nginx.conf"
