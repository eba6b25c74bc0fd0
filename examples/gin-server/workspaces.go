package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
)

type createBody struct {
	Name     string            `json:"name"`
	Runtime  string            `json:"runtime"`
	Model    string            `json:"model"`
	External bool              `json:"external"`
	Secrets  map[string]string `json:"secrets"`
	// SkipValidation is heeded by a faulty server only.
	SkipValidation any `json:"skip_validation"`
}

// valid reports whether the fields are within their bounds, in characters.
func (b createBody) valid() bool {
	for _, field := range []struct {
		value string
		max   int
	}{{b.Name, 255}, {b.Runtime, 100}, {b.Model, 100}} {
		if strings.ContainsAny(field.value, "\r\n") || utf8.RuneCountInString(field.value) > field.max {
			return false
		}
	}
	return true
}

// create asks the gate before anything is stored, so a refusal has nothing to undo.
func (s *server) create(c *gin.Context) {
	var body createBody
	if c.ShouldBindJSON(&body) != nil || strings.TrimSpace(body.Name) == "" {
		status := http.StatusBadRequest
		if s.faults.FailsMalformed {
			status = http.StatusInternalServerError
		}
		// The decoder's own words may quote a secret.
		c.JSON(status, gin.H{"error": "invalid workspace payload"})
		return
	}
	if !body.valid() {
		c.JSON(http.StatusBadRequest, gin.H{"error": "invalid workspace fields"})
		return
	}
	if body.Runtime == "" {
		body.Runtime = "claude-code"
	}
	tenant, err := s.store.secrets("")
	if s.failed(c, err) {
		return
	}
	q := question{runtime: body.Runtime, model: body.Model, external: body.External, tenant: tenant, workspace: map[string]secret{}}
	for name, value := range body.Secrets {
		q.workspace[name] = secret{value: value}
	}
	// A client that hangs up must not cut the probe short: that would count as
	// a network failure.
	refused, warn := s.gate.decide(context.WithoutCancel(c.Request.Context()), q)
	if s.faults.SkipsOnRequest && body.SkipValidation != nil {
		refused = nil
	}
	s.leak(body)
	if refused != nil && !s.faults.LateOnly {
		s.refuse(c, body, refused)
		return
	}
	s.accept(c, body, warn)
}

// accept stores what the gate has let through, and starts it.
func (s *server) accept(c *gin.Context, body createBody, warn *warning) {
	w := workspace{Name: body.Name, Runtime: body.Runtime, Model: body.Model, External: body.External, Status: "provisioning"}
	if body.External {
		w.Status = "awaiting_agent"
	}
	w, err := s.store.insert(w, body.Secrets)
	if s.failed(c, err) {
		return
	}
	answer := gin.H{"id": w.ID, "status": w.Status, "workspace_access": "none"}
	if body.External {
		answer["external"], answer["connection"] = true, gin.H{"workspace_id": w.ID}
	}
	if warn != nil && !s.faults.Quiet {
		s.log.Warn("allowed without proof of life", "workspace", w.ID, "provider", warn.Provider, "credential", warn.Credential, "cause", warn.Cause)
		answer["warnings"] = []warning{*warn}
	}
	if s.faults.EchoesSecrets {
		answer["secrets"] = body.Secrets
	}
	if !body.External && s.failed(c, s.provision(w.ID)) {
		return
	}
	c.JSON(http.StatusCreated, answer)
}

// refuse tells the client what is missing or dead.
func (s *server) refuse(c *gin.Context, body createBody, r *refusal) {
	status, answer := http.StatusUnprocessableEntity, *r
	if s.faults.WrongStatus {
		status = http.StatusBadRequest
	}
	if s.faults.Nameless {
		answer = refusal{Code: r.Code, Error: "the credential is missing or invalid"}
	}
	if s.faults.KeepsRefused {
		_, _ = s.store.insert(workspace{Name: body.Name, Runtime: body.Runtime, Model: body.Model, Status: "failed"}, body.Secrets)
	}
	c.JSON(status, answer)
}

// leak does nothing in a correct server.
func (s *server) leak(body createBody) {
	if s.faults.LogsSecrets {
		s.log.Info("create", "secrets", fmt.Sprint(body.Secrets))
	}
}

func (s *server) show(c *gin.Context) {
	if w, err := s.store.get(c.Param("id")); !s.failed(c, err) {
		c.JSON(http.StatusOK, w)
	}
}

func (s *server) list(c *gin.Context) {
	if list, err := s.store.list(); !s.failed(c, err) {
		c.JSON(http.StatusOK, list)
	}
}

func (s *server) events(c *gin.Context) {
	if list, err := s.store.events(c.Param("id")); !s.failed(c, err) {
		c.JSON(http.StatusOK, list)
	}
}

func (s *server) restart(c *gin.Context) {
	if !s.failed(c, s.provision(c.Param("id"))) {
		c.JSON(http.StatusOK, gin.H{"status": "provisioning"})
	}
}

func (s *server) remove(c *gin.Context) {
	w, err := s.store.get(c.Param("id"))
	if s.failed(c, err) {
		return
	}
	// A header arrives without the blanks around it, so they do not count.
	if c.Query("confirm") != "true" || strings.TrimSpace(c.GetHeader("X-Confirm-Name")) != strings.TrimSpace(w.Name) {
		c.JSON(http.StatusBadRequest, gin.H{"error": "destructive_action_requires_confirmation"})
		return
	}
	if !s.failed(c, s.store.remove(w.ID)) {
		c.JSON(http.StatusOK, gin.H{"status": "removed"})
	}
}
