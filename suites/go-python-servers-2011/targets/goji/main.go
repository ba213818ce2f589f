// "N: TXT" in n lines from Goji, which routes by regular expressions, as web.go did.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"regexp"
	"strconv"

	"github.com/zenazn/goji/web"
)

func hello(c web.C, w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(c.URLParams["n"])
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for i := 0; i < n; i++ {
		fmt.Fprintf(w, "%d: %s\n", i, c.URLParams["txt"])
	}
}

func main() {
	// web.New() and not goji.DefaultMux, which writes two lines for each request: none of the others does.
	mux := web.New()
	mux.Get(regexp.MustCompile(`^/(?P<txt>[^/]+)/(?P<n>[0-9]+)$`), hello)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), mux))
}
