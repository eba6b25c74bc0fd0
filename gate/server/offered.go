package server

import (
	"net/http"
	"slices"

	"github.com/molecule-ai/byok-conformance/registry"
)

// offeredModel is one model that the server offers for a runtime.
type offeredModel struct {
	Model          string   `json:"model"`
	Provider       string   `json:"provider"`
	PlatformBilled bool     `json:"platform_billed"`
	AuthEnv        []string `json:"auth_env,omitempty"`
}

// listOffered answers with the listed models of a runtime, sorted, each with the
// provider that it has while no credential is in scope.
func (s *Server) listOffered(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("runtime")
	runtime := s.offered.Runtime(name)
	if runtime == nil {
		writeJSON(w, http.StatusNotFound, struct {
			Error   string `json:"error"`
			Runtime string `json:"runtime"`
		}{"unknown runtime", name})
		return
	}
	writeJSON(w, http.StatusOK, struct {
		Runtime string         `json:"runtime"`
		Models  []offeredModel `json:"models"`
	}{name, offers(s.offered, runtime)})
}

func offers(reg *registry.Registry, runtime *registry.Runtime) []offeredModel {
	var models []string
	for _, n := range runtime.Native {
		models = append(models, n.Models...)
	}
	slices.Sort(models)
	out := []offeredModel{}
	for _, model := range slices.Compact(models) {
		p := reg.Derive(runtime.Name, model, func(string) bool { return false }).Provider
		if p == nil {
			continue
		}
		m := offeredModel{Model: model, Provider: p.Name, PlatformBilled: p.IsPlatform()}
		if !m.PlatformBilled {
			m.AuthEnv = p.AuthEnv
		}
		out = append(out, m)
	}
	return out
}
