package draft

import (
	"encoding/json"
	"net/http"
)

// fleet is an API whose words nobody would guess; a document describes it.
func fleet(h *house) http.Handler {
	problem := func(w http.ResponseWriter, status int, code string) {
		say(w, status, fields{"problem": fields{"code": code}})
	}
	shown := func(r room) fields {
		out := fields{"ref": r.id, "caption": r.name, "mood": fields{"state": r.state, "turn": r.attempts}}
		if r.failure != nil {
			out["mood"] = fields{"state": r.state, "turn": r.attempts, "code": r.failure.Code, "why": r.failure.Message}
		}
		return out
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /fleet/health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	mux.HandleFunc("POST /fleet/members", func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Spec struct {
				Caption, Harness, Brain, Home string
				Keyring                       map[string]string
				OwnHost                       bool
			}
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 2<<20)).Decode(&body); err != nil || body.Spec.Caption == "" || body.Spec.Home != "eu" {
			problem(w, 400, "BAD_SPEC")
			return
		}
		s := body.Spec
		made := &room{name: s.Caption, runtime: s.Harness, model: s.Brain, external: s.OwnHost, secrets: s.Keyring}
		if d := h.create(r.Context(), made); d != nil {
			say(w, 422, fields{"problem": fields{"code": d.Code, "why": d.Message}})
			return
		}
		say(w, 201, fields{"member": fields{"id": made.id}})
	})
	mux.HandleFunc("GET /fleet/members", func(w http.ResponseWriter, _ *http.Request) {
		list := []fields{}
		for _, r := range h.all() {
			list = append(list, shown(r))
		}
		say(w, 200, fields{"members": list})
	})
	mux.HandleFunc("GET /fleet/members/{id}", func(w http.ResponseWriter, r *http.Request) {
		if found, ok := h.find(r.PathValue("id")); ok {
			say(w, 200, shown(found))
			return
		}
		problem(w, 404, "NO_MEMBER")
	})
	done := func(w http.ResponseWriter, ok bool) {
		if !ok {
			problem(w, 404, "NO_MEMBER")
			return
		}
		w.WriteHeader(204)
	}
	mux.HandleFunc("DELETE /fleet/members/{id}", func(w http.ResponseWriter, r *http.Request) { done(w, h.remove(r.PathValue("id"))) })
	mux.HandleFunc("POST /fleet/members/{id}/provisioning", func(w http.ResponseWriter, r *http.Request) { done(w, h.again(r.PathValue("id"))) })
	set := func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Content *struct{ Plaintext string } }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Content == nil {
			problem(w, 400, "BAD_SECRET")
			return
		}
		done(w, h.set(r.PathValue("id"), r.PathValue("name"), &body.Content.Plaintext))
	}
	unset := func(w http.ResponseWriter, r *http.Request) {
		done(w, h.set(r.PathValue("id"), r.PathValue("name"), nil))
	}
	mux.HandleFunc("PUT /fleet/members/{id}/credentials/{name}/content", set)
	mux.HandleFunc("DELETE /fleet/members/{id}/credentials/{name}", unset)
	mux.HandleFunc("PUT /house/credentials/{name}/content", set)
	mux.HandleFunc("DELETE /house/credentials/{name}", unset)
	mux.HandleFunc("GET /house/credentials", func(w http.ResponseWriter, _ *http.Request) { say(w, 200, h.tenantNames()) })
	return mux
}

// fleetDocument describes fleet, with references, as generators write them.
const fleetDocument = `
openapi: 3.1.0
info: {title: fleet, version: "1"}
servers: [{url: "https://fleet.example/"}]
paths:
  /fleet/health:
    get: {responses: {"204": {description: up}}}
  /fleet/members:
    get: {responses: {"200": {description: all}}}
    post:
      requestBody: {$ref: "#/components/requestBodies/Member"}
      responses: {"201": {description: made}}
  /fleet/members/{memberId}:
    get: {responses: {"200": {description: one}}}
    delete: {responses: {"204": {description: gone}}}
  /fleet/members/{memberId}/provisioning:
    post: {responses: {"204": {description: again}}}
  /fleet/members/{memberId}/credentials/{name}/content:
    put: {requestBody: {$ref: "#/components/requestBodies/Secret"}, responses: {"204": {description: set}}}
  /fleet/members/{memberId}/credentials/{name}:
    delete: {responses: {"204": {description: gone}}}
  /house/credentials/{name}/content:
    put: {requestBody: {$ref: "#/components/requestBodies/Secret"}, responses: {"204": {description: set}}}
  /house/credentials/{name}:
    delete: {responses: {"204": {description: gone}}}
  /house/credentials:
    get: {responses: {"200": {description: names}}}
components:
  requestBodies:
    Member:
      content:
        application/json:
          schema:
            type: object
            properties:
              spec: {$ref: "#/components/schemas/Spec"}
    Secret:
      content:
        application/json:
          schema:
            type: object
            properties:
              content:
                type: object
                properties:
                  plaintext: {type: string}
  schemas:
    Spec:
      allOf:
        - type: object
          required: [caption, home]
          properties:
            caption: {type: string, description: the name that people see}
            home: {type: string, enum: [eu, us]}
        - type: object
          properties:
            harness: {type: string, description: the runtime}
            brain: {type: string, description: the model}
            keyring: {type: object, additionalProperties: {type: string}, description: secrets}
            ownHost: {type: boolean, description: true for an external member}
`
