// Go-server is a workspace server with a BYOK credential gate: an HTTP API of
// its own style, with its rows in SQLite. The gate is in gate.go and probe.go.
package main

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

// maxBody is what a request's body may have, in bytes: a secret of 1 MiB, and
// as much again.
const maxBody = 2 << 20

type server struct {
	gate  *gate
	store *store
}

// A problem is the body of every reply that is no success.
type problem struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func main() {
	registry := flag.String("registry", env("REGISTRY", "../registry.json"), "the registry, as examples/gen.go prints it")
	port := flag.String("port", env("PORT", "8080"), "the port to listen on")
	flag.Parse()
	token := os.Getenv("ADMIN_TOKEN")
	budget, err := strconv.Atoi(env("PROBE_BUDGET_MS", "6000"))
	if token == "" || err != nil || budget <= 0 {
		log.Fatal("set ADMIN_TOKEN to what clients authenticate with, and PROBE_BUDGET_MS, if at all, to a number of milliseconds")
	}
	gate, err := newGate(*registry, time.Duration(budget)*time.Millisecond, os.Getenv("BYPASS") == "1")
	if err != nil {
		log.Fatal(err)
	}
	store, err := openStore()
	if err != nil {
		log.Fatal(err)
	}
	s := &server{gate, store}
	h := &http.Server{
		Addr:              net.JoinHostPort(env("BIND_ADDR", "127.0.0.1"), *port),
		Handler:           s.routes([]byte("Bearer " + token)),
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

func (s *server) routes(authorization []byte) http.Handler {
	admin := http.NewServeMux()
	admin.HandleFunc("POST /api/v1/workspaces", s.create)
	admin.HandleFunc("GET /api/v1/workspaces", s.list)
	admin.HandleFunc("GET /api/v1/workspaces/{id}", s.show)
	admin.HandleFunc("DELETE /api/v1/workspaces/{id}", s.remove)
	admin.HandleFunc("POST /api/v1/workspaces/{id}/restart", s.restart)
	for _, scope := range []string{"/api/v1/tenant/env", "/api/v1/workspaces/{id}/env"} {
		admin.HandleFunc("GET "+scope, s.names)
		admin.HandleFunc("PUT "+scope+"/{name}", s.setEnv)
		admin.HandleFunc("DELETE "+scope+"/{name}", s.unsetEnv)
	}
	all := http.NewServeMux()
	all.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, "up") })
	all.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), authorization) != 1 {
			reply(w, http.StatusUnauthorized, problem{"UNAUTHORIZED", "send the admin token as Authorization: Bearer"})
			return
		}
		admin.ServeHTTP(w, r)
	})
	return all
}

// create asks the gate before anything is stored, so a refusal has nothing to undo.
func (s *server) create(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Title string `json:"title"`
		Agent struct {
			Runtime string `json:"runtime"`
			Model   string `json:"model"`
		} `json:"agent"`
		External bool              `json:"external"`
		Env      map[string]string `json:"env"`
	}
	if !read(w, r, &body) {
		return
	}
	if body.Title == "" {
		reply(w, http.StatusBadRequest, problem{"INVALID", "a workspace needs a title"})
		return
	}
	tenant, err := s.store.env("")
	if failed(w, err) {
		return
	}
	q := question{body.Agent.Runtime, body.Agent.Model, body.External, body.Env, tenant}
	// A client that hangs up must not cut the probe short: that would count as a network failure.
	refused, warn := s.gate.decide(context.WithoutCancel(r.Context()), q)
	if refused != nil {
		reply(w, http.StatusUnprocessableEntity, refused)
		return
	}
	id, err := s.store.insert(body.Title, q)
	if failed(w, err) {
		return
	}
	if warn != nil {
		log.Printf("WARN allowed without proof workspace=%s provider=%s credential=%s cause=%q", id, warn.provider, warn.credential, warn.cause)
	}
	s.start(w, id)
}

// start provisions a workspace in the background, if presence still holds.
func (s *server) start(w http.ResponseWriter, id string) {
	attempt, err := s.store.begin(id)
	if failed(w, err) {
		return
	}
	go func() {
		q, err := s.store.question(id)
		status, why := "running", failure{}
		if err != nil {
			status, why = "failed", failure{"INTERNAL", "the workspace could not be read"}
		} else if _, _, refused := s.gate.presence(q); refused != nil {
			status, why = "failed", failure{refused.Code, refused.Detail}
		}
		if err := s.store.end(id, attempt, status, why); err != nil {
			log.Printf("ERROR workspace=%s: noting that it is %s: %v", id, status, err)
		}
	}()
	s.reply(w, id)
}

func (s *server) show(w http.ResponseWriter, r *http.Request)    { s.reply(w, r.PathValue("id")) }
func (s *server) restart(w http.ResponseWriter, r *http.Request) { s.start(w, r.PathValue("id")) }

func (s *server) reply(w http.ResponseWriter, id string) {
	if list, err := s.store.workspaces(id); !failed(w, err) {
		reply(w, http.StatusOK, map[string]any{"workspace": list[0]})
	}
}

func (s *server) list(w http.ResponseWriter, _ *http.Request) {
	if list, err := s.store.workspaces(""); !failed(w, err) {
		reply(w, http.StatusOK, map[string]any{"workspaces": list})
	}
}

func (s *server) remove(w http.ResponseWriter, r *http.Request) {
	if err := s.store.remove(r.PathValue("id")); !failed(w, err) {
		w.WriteHeader(http.StatusNoContent)
	}
}

// read decodes the body, or answers 400 or 413 itself and returns false.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		reply(w, http.StatusRequestEntityTooLarge, problem{"TOO_LARGE", "the body is larger than 2 MiB"})
	case err != nil || json.Unmarshal(data, v) != nil: // the decoder's own words may quote a secret
		reply(w, http.StatusBadRequest, problem{"INVALID", "the body is not the JSON that is expected here"})
	default:
		return true
	}
	return false
}

// failed answers for an error of the store, if there is one.
func failed(w http.ResponseWriter, err error) bool {
	switch {
	case errors.Is(err, errMissing):
		reply(w, http.StatusNotFound, problem{"NOT_FOUND", err.Error()})
	case err != nil:
		log.Printf("ERROR %v", err)
		reply(w, http.StatusInternalServerError, problem{"INTERNAL", "the server had a fault"})
	}
	return err != nil
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}
