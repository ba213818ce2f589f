// "N: TXT" in n lines from Gin. Its router knows no regular expressions, so the handler looks at n.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"regexp"
	"strconv"

	"github.com/gin-gonic/gin"
)

var digits = regexp.MustCompile(`^[0-9]+$`)

func hello(c *gin.Context) {
	txt := c.Param("txt")
	n, err := strconv.Atoi(c.Param("n"))
	if txt == "" || err != nil || !digits.MatchString(c.Param("n")) {
		c.String(http.StatusNotFound, "not found\n")
		return
	}
	c.Header("Content-Type", "text/plain; charset=utf-8")
	for i := 0; i < n; i++ {
		fmt.Fprintf(c.Writer, "%d: %s\n", i, txt)
	}
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "-version" {
		fmt.Println("Gin", gin.Version)
		return
	}
	// New() and not Default(), which writes a line for each request: none of the others does.
	router := gin.New()
	router.RedirectTrailingSlash = false // /Hello/100/ is not found, as everywhere else
	router.GET("/:txt/:n", hello)
	log.Fatal(router.Run("127.0.0.1:" + os.Getenv("PORT")))
}
