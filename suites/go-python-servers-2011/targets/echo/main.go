// "N: TXT" in n lines from Echo. Its router knows no regular expressions, so the handler looks at n.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/labstack/echo"
)

var digits = regexp.MustCompile(`^[0-9]+$`)

func hello(c echo.Context) error {
	txt := c.Param("txt")
	n, err := strconv.Atoi(c.Param("n"))
	if txt == "" || err != nil || !digits.MatchString(c.Param("n")) {
		return echo.ErrNotFound
	}
	var lines strings.Builder
	for i := 0; i < n; i++ {
		fmt.Fprintf(&lines, "%d: %s\n", i, txt)
	}
	return c.String(http.StatusOK, lines.String())
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "-version" {
		fmt.Println("Echo", echo.Version)
		return
	}
	e := echo.New()
	e.HideBanner = true
	e.GET("/:txt/:n", hello)
	log.Fatal(e.Start("127.0.0.1:" + os.Getenv("PORT")))
}
