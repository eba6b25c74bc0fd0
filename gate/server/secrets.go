package server

import (
	"maps"
	"net/http"
	"slices"

	"github.com/molecule-ai/byok-conformance/gate"
)

const (
	scopeGlobal    = "global"
	scopeWorkspace = "workspace"
)

type secretBody struct {
	Key    string `json:"key"`
	Scope  string `json:"scope"`
	Status string `json:"status"`
}

type listedSecretBody struct {
	Key      string `json:"key"`
	HasValue bool   `json:"has_value"`
	Scope    string `json:"scope"`
}

// readSecret returns the name and value in r's body. A blank value is one, an
// empty one is not. Where there is none it answers 400 or 413 itself and returns
// false.
func readSecret(w http.ResponseWriter, r *http.Request) (name string, secret gate.Secret, ok bool) {
	var body struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	if !readJSON(w, r, &body, "invalid secret payload") {
		return "", gate.Secret{}, false
	}
	if body.Key == "" || body.Value == "" {
		writeError(w, http.StatusBadRequest, "key and value are required")
		return "", gate.Secret{}, false
	}
	return body.Key, gate.Secret{Value: body.Value}, true
}

// removeSecret takes name out of secrets, 404 where it is not there.
func removeSecret(secrets map[string]gate.Secret, name, scope string) (status int, body any) {
	if _, found := secrets[name]; !found {
		return http.StatusNotFound, errorBody{"secret not found"}
	}
	delete(secrets, name)
	return http.StatusOK, secretBody{name, scope, "deleted"}
}

func (s *Server) saveWorkspaceSecret(w http.ResponseWriter, r *http.Request, own bool) {
	name, secret, ok := readSecret(w, r)
	if !ok {
		return
	}
	s.answer(w, r, func(row *workspace) (int, any) {
		if status, body, waits := s.gated(row, name, own); waits {
			return status, body
		}
		row.secrets[name] = secret
		if !own {
			s.secretChanged(row)
		}
		return http.StatusOK, secretBody{name, scopeWorkspace, "saved"}
	})
}

func (s *Server) deleteWorkspaceSecret(w http.ResponseWriter, r *http.Request, own bool) {
	s.answer(w, r, func(row *workspace) (int, any) {
		if !own {
			s.secretChanged(row)
		}
		return removeSecret(row.secrets, r.PathValue("key"), scopeWorkspace)
	})
}

func (s *Server) saveGlobalSecret(w http.ResponseWriter, r *http.Request) {
	name, secret, ok := readSecret(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	s.globals[name] = secret
	s.mu.Unlock()
	s.secretChanged(nil)
	writeJSON(w, http.StatusOK, secretBody{name, scopeGlobal, "saved"})
}

func (s *Server) deleteGlobalSecret(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	status, body := removeSecret(s.globals, r.PathValue("key"), scopeGlobal)
	s.mu.Unlock()
	s.secretChanged(nil)
	writeJSON(w, status, body)
}

// listGlobalSecrets shows names, never values, sorted.
func (s *Server) listGlobalSecrets(w http.ResponseWriter, _ *http.Request) {
	list := []listedSecretBody{}
	s.mu.Lock()
	for _, name := range slices.Sorted(maps.Keys(s.globals)) {
		list = append(list, listedSecretBody{name, true, scopeGlobal})
	}
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, list)
}
