package main

import (
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

// maxBody is what a request's body may have, in bytes: a secret of 1 MiB, and
// as much again.
const maxBody = 2 << 20

// Config says how the server runs. The zero value of each field but Token is
// what production wants.
type config struct {
	// Token is what admins authenticate with. Required.
	Token string
	// Database is a file of SQLite; empty means one in memory.
	Database string
	// Transport carries the probes; nil means Go's own way out.
	Transport http.RoundTripper
	// Budget bounds a probe; zero means 6 s.
	Budget time.Duration
	// Log takes lines of JSON; nil drops them.
	Log io.Writer
	// Environment is the operator's, which nothing but a faulty gate looks into.
	Environment map[string]string
	faults      faults
}

type server struct {
	gate   *gate
	store  *store
	log    *slog.Logger
	faults faults
	http.Handler
	provisionings sync.WaitGroup
}

func newServer(c config) (*server, error) {
	if c.Token == "" {
		return nil, errors.New("starting the server: there is no admin token; set ADMIN_TOKEN")
	}
	if c.Database == "" {
		c.Database = ":memory:"
	}
	if c.Transport == nil {
		c.Transport = newTransport()
	}
	if c.Budget == 0 {
		c.Budget = 6 * time.Second
	}
	if c.Log == nil {
		c.Log = io.Discard
	}
	registry, err := loadRegistry(providersFile)
	if err != nil {
		return nil, err
	}
	store, err := openStore(c.Database)
	if err != nil {
		return nil, err
	}
	s := &server{
		gate:  &gate{registry, c.Transport, c.Budget, c.faults, &memory{dead: map[string]bool{}, told: map[string]bool{}}, c.Environment},
		store: store, log: slog.New(slog.NewJSONHandler(c.Log, nil)), faults: c.faults,
	}
	s.Handler = s.routes([]byte("Bearer " + c.Token))
	return s, nil
}

// close waits for what is being provisioned, and closes the database.
func (s *server) close() error {
	s.provisionings.Wait()
	return s.store.db.Close()
}

func (s *server) routes(authorization []byte) http.Handler {
	r := gin.New()
	r.UseRawPath = true // a secret's name may hold an escaped slash
	r.Use(gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) {
		c.AbortWithStatusJSON(http.StatusInternalServerError, gin.H{"error": "internal error"})
	}), func(c *gin.Context) {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
	})
	r.GET("/health", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "ok"}) })
	r.GET("/workspaces/:id", s.show)
	admin := r.Group("", admins(authorization))
	admin.POST("/workspaces", s.create)
	admin.GET("/workspaces", s.list)
	admin.DELETE("/workspaces/:id", s.remove)
	admin.POST("/workspaces/:id/restart", s.restart)
	admin.GET("/events/:id", s.events)
	admin.PUT("/workspaces/:id/secrets", s.setSecret)
	admin.POST("/workspaces/:id/secrets", s.setSecret)
	admin.DELETE("/workspaces/:id/secrets/:key", s.removeSecret)
	admin.GET("/settings/secrets", s.secretNames)
	admin.PUT("/settings/secrets", s.setSecret)
	admin.POST("/settings/secrets", s.setSecret)
	admin.DELETE("/settings/secrets/:key", s.removeSecret)
	return r
}

func admins(authorization []byte) gin.HandlerFunc {
	return func(c *gin.Context) {
		switch given := c.GetHeader("Authorization"); {
		case given == "":
			c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"error": "admin auth required"})
		case subtle.ConstantTimeCompare([]byte(given), authorization) != 1:
			c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"error": "invalid admin auth token"})
		}
	}
}

// failed answers for an error, if there is one. The error goes to the log only.
func (s *server) failed(c *gin.Context, err error) bool {
	switch {
	case errors.Is(err, errMissing):
		c.JSON(http.StatusNotFound, gin.H{"error": errMissing.Error()})
	case errors.Is(err, errNameTaken):
		c.JSON(http.StatusConflict, gin.H{"error": errNameTaken.Error()})
	case err != nil:
		s.log.Error("a request failed", "path", c.FullPath(), "cause", err)
		c.JSON(http.StatusInternalServerError, gin.H{"error": "internal error"})
	}
	return err != nil
}
