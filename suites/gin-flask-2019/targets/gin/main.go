// One JSON object from Gin: as in the study at "/", and the bytes all targets agree on at "/equal".
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"runtime"

	"github.com/gin-gonic/gin"
)

func pong(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"message": "pong"})
}

func main() {
	version := flag.Bool("version", false, "print the versions of Gin and Go")
	flag.Parse()
	if *version {
		fmt.Printf("Gin %s, %s\n", gin.Version, runtime.Version())
		return
	}

	// The mode comes from GIN_MODE. Default() brings the logger and the recovery, as in the study.
	router := gin.Default()
	router.GET("/", pong)
	router.GET("/equal", pong)
	log.Fatal(router.Run("127.0.0.1:" + os.Getenv("PORT")))
}
