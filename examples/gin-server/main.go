// Gin-server is a workspace server on Gin and SQLite with a BYOK credential
// gate, as a Go team would write it, and with the conformance suite vendored
// into its tests (conformance_test.go). The gate is in gate.go, derive.go and
// probe.go; faults.go is there for the tests of the tests only.
package main

import (
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	budget, err := time.ParseDuration(env("PROBE_BUDGET", "6s"))
	if err != nil || budget <= 0 {
		log.Fatal("PROBE_BUDGET must be a duration greater than zero, such as 6s")
	}
	s, err := newServer(config{Token: os.Getenv("ADMIN_TOKEN"), Database: os.Getenv("DATABASE"), Budget: budget, Log: os.Stderr})
	if err != nil {
		log.Fatal(err)
	}
	h := &http.Server{
		Addr:              net.JoinHostPort(env("BIND_ADDR", "127.0.0.1"), env("PORT", "8080")),
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
	}
	log.Fatal(h.ListenAndServe())
}

func env(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}
