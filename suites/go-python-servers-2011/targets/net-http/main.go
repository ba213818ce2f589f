// "N: TXT" in n lines from net/http alone: the path is taken apart by a regular expression.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"regexp"
	"strconv"
)

var path = regexp.MustCompile(`^/([^/]+)/([0-9]+)$`)

func hello(w http.ResponseWriter, r *http.Request) {
	match := path.FindStringSubmatch(r.URL.Path)
	if match == nil {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet {
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	n, err := strconv.Atoi(match[2])
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for i := 0; i < n; i++ {
		fmt.Fprintf(w, "%d: %s\n", i, match[1])
	}
}

func main() {
	// Not by http.Handle(): its ServeMux answers //100 with a redirect, where the contract says 404.
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), http.HandlerFunc(hello)))
}
