package draft

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
)

func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

type fields = map[string]any

// nested is an API whose every body stands under data, and every error under
// error. It takes no field that it does not know, secrets as a list, numbers as
// ids, and a key in X-API-Key. Secrets stand under another word.
func nested(h *house) http.Handler {
	problem := func(w http.ResponseWriter, status int, code, message string) {
		say(w, status, fields{"error": fields{"code": code, "message": message}})
	}
	shown := func(r room) fields {
		out := fields{"id": json.Number(r.id), "title": r.name, "phase": r.state, "attempts": r.attempts}
		if r.failure != nil {
			out["failure"] = fields{"code": r.failure.Code, "message": r.failure.Message}
		}
		return out
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, 200, fields{"ok": true}) })
	mux.HandleFunc("POST /v1/agents", func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Data struct {
				Title, Engine, LLM string
				Secrets            []struct{ Name, Value string }
				SelfHosted         bool   `json:"self_hosted"`
				Endpoint           string `json:"endpoint"`
			}
		}
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 2<<20))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&body); err != nil || body.Data.Title == "" || body.Data.Engine == "" {
			message := "title, engine and llm are wanted"
			if err != nil {
				message, _, _ = strings.Cut(err.Error(), "draft-") // no value is echoed
			}
			problem(w, 400, "bad_request", message)
			return
		}
		made := &room{name: body.Data.Title, runtime: body.Data.Engine, model: body.Data.LLM, external: body.Data.SelfHosted, secrets: map[string]string{}}
		for _, s := range body.Data.Secrets {
			made.secrets[s.Name] = s.Value
		}
		if d := h.create(r.Context(), made); d != nil {
			say(w, 422, fields{"error": fields{"code": d.Code, "message": d.Message, "provider": d.Provider, "accepts": d.Accepted}})
			return
		}
		say(w, 201, fields{"data": fields{"id": json.Number(made.id), "title": made.name}})
	})
	mux.HandleFunc("GET /v1/agents", func(w http.ResponseWriter, _ *http.Request) {
		list := []fields{}
		for _, r := range h.all() {
			list = append(list, shown(r))
		}
		say(w, 200, fields{"data": list})
	})
	mux.HandleFunc("GET /v1/agents/{id}", func(w http.ResponseWriter, r *http.Request) {
		if found, ok := h.find(r.PathValue("id")); ok {
			say(w, 200, fields{"data": shown(found)})
			return
		}
		problem(w, 404, "not_found", "there is no such agent")
	})
	mux.HandleFunc("DELETE /v1/agents/{id}", func(w http.ResponseWriter, r *http.Request) {
		if !h.remove(r.PathValue("id")) {
			problem(w, 404, "not_found", "there is no such agent")
			return
		}
		w.WriteHeader(204)
	})
	mux.HandleFunc("POST /v1/agents/{id}/redeploy", func(w http.ResponseWriter, r *http.Request) {
		if !h.again(r.PathValue("id")) {
			problem(w, 404, "not_found", "there is no such agent")
			return
		}
		w.WriteHeader(202)
	})
	set := func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Value *string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Value == nil {
			problem(w, 400, "bad_request", "value is wanted")
			return
		}
		if !h.set(r.PathValue("id"), r.PathValue("name"), body.Value) {
			problem(w, 404, "not_found", "there is no such agent")
			return
		}
		say(w, 200, fields{"data": fields{"name": r.PathValue("name")}})
	}
	unset := func(w http.ResponseWriter, r *http.Request) {
		if !h.set(r.PathValue("id"), r.PathValue("name"), nil) {
			problem(w, 404, "not_found", "there is no such credential")
			return
		}
		w.WriteHeader(204)
	}
	mux.HandleFunc("PUT /v1/agents/{id}/vault/{name}", set)
	mux.HandleFunc("DELETE /v1/agents/{id}/vault/{name}", unset)
	mux.HandleFunc("PUT /v1/org/credentials/{name}", set)
	mux.HandleFunc("DELETE /v1/org/credentials/{name}", unset)
	mux.HandleFunc("GET /v1/org/credentials", func(w http.ResponseWriter, _ *http.Request) {
		list := []fields{}
		for _, n := range h.tenantNames() {
			list = append(list, fields{"name": n})
		}
		say(w, 200, fields{"data": list})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" && r.Header.Get("X-API-Key") != "draft-token" {
			problem(w, 401, "unauthorized", "send the key as X-API-Key")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// verbs is an API whose paths are verbs. Secrets are lines NAME=value, the id
// stands in a header, failures are events, and codes have a spelling of their own.
func verbs(h *house) http.Handler {
	codes := map[gate.Code]string{gate.MissingCredential: "CREDENTIAL_NOT_FOUND", gate.InvalidCredential: "CREDENTIAL_REJECTED"}
	type event struct {
		Seq    int    `json:"seq"`
		Agent  string `json:"agent"`
		Kind   string `json:"kind"`
		Code   string `json:"error_code,omitempty"`
		Detail string `json:"detail,omitempty"`
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/createAgent", func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			DisplayName, Runtime, ModelID string
			Env                           []string
			External                      bool
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 2<<20)).Decode(&body); err != nil || body.DisplayName == "" {
			say(w, 400, fields{"error_code": "INVALID_ARGUMENT", "detail": "displayName, runtime and modelId are wanted"})
			return
		}
		made := &room{name: body.DisplayName, runtime: body.Runtime, model: body.ModelID, external: body.External, secrets: map[string]string{}}
		for _, line := range body.Env {
			name, value, _ := strings.Cut(line, "=")
			made.secrets[name] = value
		}
		if d := h.create(r.Context(), made); d != nil {
			say(w, 422, fields{"error_code": codes[d.Code], "detail": d.Message})
			return
		}
		w.Header().Set("Location", "/api/getAgent?id="+made.id)
		say(w, 200, fields{"agentId": made.id})
	})
	mux.HandleFunc("POST /api/deleteAgent", func(w http.ResponseWriter, r *http.Request) {
		if !h.remove(r.FormValue("id")) {
			say(w, 404, fields{"error_code": "NOT_FOUND"})
			return
		}
		say(w, 200, fields{})
	})
	mux.HandleFunc("GET /api/listAgent", func(w http.ResponseWriter, _ *http.Request) {
		list := []fields{}
		for _, r := range h.all() {
			list = append(list, fields{"agentId": r.id, "displayName": r.name})
		}
		say(w, 200, fields{"agents": list, "total": len(list)})
	})
	mux.HandleFunc("GET /api/getAgent", func(w http.ResponseWriter, r *http.Request) {
		found, ok := h.find(r.FormValue("id"))
		if !ok {
			say(w, 404, fields{"error_code": "NOT_FOUND"})
			return
		}
		say(w, 200, fields{"agentId": found.id, "state": found.state})
	})
	mux.HandleFunc("POST /api/restartAgent", func(w http.ResponseWriter, r *http.Request) {
		if !h.again(r.FormValue("id")) {
			say(w, 404, fields{"error_code": "NOT_FOUND"})
			return
		}
		say(w, 202, fields{})
	})
	mux.HandleFunc("GET /api/events/{id}", func(w http.ResponseWriter, r *http.Request) {
		found, ok := h.find(r.PathValue("id"))
		if !ok {
			say(w, 404, fields{"error_code": "NOT_FOUND"})
			return
		}
		events := []event{{Seq: 1, Agent: found.id, Kind: "created"}}
		if found.failure != nil {
			events = append(events, event{found.attempts + 1, found.id, "failed", codes[found.failure.Code], found.failure.Message})
		}
		slices.Reverse(events)
		say(w, 200, events)
	})
	secret := func(set bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var body struct {
				AgentID, Key string
				Value        *string
			}
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Key == "" || set && body.Value == nil || !set && body.Value != nil {
				say(w, 400, fields{"error_code": "INVALID_ARGUMENT"})
				return
			}
			if !h.set(body.AgentID, body.Key, body.Value) {
				say(w, 404, fields{"error_code": "NOT_FOUND"})
				return
			}
			say(w, 200, fields{})
		}
	}
	mux.HandleFunc("POST /api/setSecret", secret(true))
	mux.HandleFunc("POST /api/deleteSecret", secret(false))
	mux.HandleFunc("GET /api/listSecret", func(w http.ResponseWriter, _ *http.Request) {
		names := fields{}
		for _, n := range h.tenantNames() {
			names[n] = fields{"set": true}
		}
		say(w, 200, fields{"secrets": names})
	})
	return mux
}
