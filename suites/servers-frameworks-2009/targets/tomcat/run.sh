#!/bin/sh
# run.sh http|ajp PORT FOLDER -- Tomcat in the foreground with one connector and one application, the
# documents of FOLDER; its own files are in FOLDER/tomcat. For ajp, AJP_SECRET says what both sides know.
set -eu
kind=$1
port=$2
folder=$3
base=$folder/tomcat

case $kind in
http) connector="protocol='HTTP/1.1'" ;;
ajp) connector="protocol='AJP/1.3' secret='$AJP_SECRET'" ;;
esac

mkdir -p "$base/conf" "$base/temp"
cp web.xml "$base/conf"
cat >"$base/conf/server.xml" <<END
<Server port="-1">
  <Service name="Catalina">
    <!-- bindOnInit: by default the port is open before there is an application that could answer. -->
    <Connector $connector address="127.0.0.1" port="$port" acceptCount="1024" bindOnInit="false"/>
    <Engine name="Catalina" defaultHost="localhost">
      <Host name="localhost" autoDeploy="false" deployOnStartup="false">
        <Context path="" docBase="$folder/documents">
          <!-- By default Tomcat keeps in memory what it has read, and looks again after 5 s. -->
          <Resources cachingAllowed="false"/>
          <!-- Tomcat's own libraries hold nothing for an application of three files; the search
               would be most of the time it takes to start. -->
          <JarScanner scanClassPath="false" scanBootstrapClassPath="false"/>
        </Context>
      </Host>
    </Engine>
  </Service>
</Server>
END

CATALINA_HOME=/usr/share/tomcat10
CATALINA_BASE=$base
CATALINA_OPTS=-Xmx256m
export CATALINA_HOME CATALINA_BASE CATALINA_OPTS
exec "$CATALINA_HOME/bin/catalina.sh" run
