#!/bin/sh
# start.sh PORT DIR -- nginx with one worker in the foreground, all of its files in DIR.
set -eu
port=$1
dir=$2

cat >"$dir/nginx.conf" <<END
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
    default_type application/json;
    server {
        listen 127.0.0.1:$port;
        location = / {
            return 200 '{"message":"Hello, World!"}';
        }
    }
}
END
# Debian keeps nginx in /usr/sbin, which is not on everybody's PATH.
exec /usr/sbin/nginx -e stderr -c "$dir/nginx.conf"
