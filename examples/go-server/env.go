package main

import (
	"maps"
	"net/http"
	"slices"
)

// Secrets are set and deleted by name, the tenant's where the path has no
// workspace. Their values are never shown again.

func (s *server) names(w http.ResponseWriter, r *http.Request) {
	if env, err := s.store.env(r.PathValue("id")); !failed(w, err) {
		reply(w, http.StatusOK, map[string]any{"names": slices.AppendSeq([]string{}, maps.Keys(env))})
	}
}

func (s *server) setEnv(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Value string `json:"value"`
	}
	if !read(w, r, &body) {
		return
	}
	id := r.PathValue("id")
	if id != "" {
		if _, err := s.store.workspaces(id); failed(w, err) {
			return
		}
	}
	if err := s.store.setEnv(id, r.PathValue("name"), body.Value); !failed(w, err) {
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *server) unsetEnv(w http.ResponseWriter, r *http.Request) {
	found, err := s.store.unsetEnv(r.PathValue("id"), r.PathValue("name"))
	switch {
	case failed(w, err):
	case !found:
		reply(w, http.StatusNotFound, problem{"NOT_FOUND", "there is no such secret"})
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}
