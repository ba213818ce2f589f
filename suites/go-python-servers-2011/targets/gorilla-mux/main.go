// "N: TXT" in n lines from gorilla/mux, which routes by regular expressions.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"

	"github.com/gorilla/mux"
)

func hello(w http.ResponseWriter, r *http.Request) {
	vars := mux.Vars(r)
	n, err := strconv.Atoi(vars["n"])
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for i := 0; i < n; i++ {
		fmt.Fprintf(w, "%d: %s\n", i, vars["txt"])
	}
}

func main() {
	// SkipClean: else //100 is answered with a redirect, where the contract says 404.
	router := mux.NewRouter().SkipClean(true)
	router.HandleFunc("/{txt:[^/]+}/{n:[0-9]+}", hello).Methods(http.MethodGet)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), router))
}
