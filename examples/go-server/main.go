// Go-server is a workspace server with a BYOK credential gate. Its rows are in
// SQLite; the row without an id is the tenant, whose secrets every workspace has.
package main

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite"
)

// A row's spec is the create request; its failure is the refusal that kept it from starting last time, or null.
const schema = `CREATE TABLE workspaces (id TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))), spec TEXT, start INT DEFAULT 1, failure TEXT DEFAULT 'null');
INSERT INTO workspaces (id, spec) VALUES ('', '{}')`

type server struct {
	db        *sql.DB
	client    http.Client
	Providers []*provider
	Runtimes  map[string][]struct {
		Provider string
		Models   []string
	}
}

type provider struct {
	Name, Protocol string
	AuthMode       string `json:"auth_mode"`
	BaseURL        string `json:"base_url"`
	Accepted       []string
	Pattern        regexp.Regexp
}

type workspace struct {
	Name, Runtime, Model string
	External             bool
	Secrets              map[string]*string // null removes one
}

func (w *workspace) Scan(column any) error { return json.Unmarshal([]byte(column.(string)), w) }

type refusal struct{ Code, Provider, Message string }

func (r *refusal) Error() string { return r.Code + ": " + r.Message }

// derive returns the owner of a model, or nil. A listed model beats every pattern, and a tie goes to who is usable.
func (s *server) derive(runtime, model string, usable func(*provider) bool) *provider {
	var listing, matching []*provider
	for _, native := range s.Runtimes[runtime] {
		p := s.Providers[slices.IndexFunc(s.Providers, func(p *provider) bool { return p.Name == native.Provider })]
		if slices.Contains(native.Models, model) {
			listing = append(listing, p)
		} else if p.Pattern.String() != "" && p.Pattern.MatchString(model) {
			matching = append(matching, p)
		}
	}
	switch {
	case len(listing) > 0:
		return listing[max(0, slices.IndexFunc(listing, usable))]
	case len(matching) > 1:
		matching = slices.DeleteFunc(matching, func(p *provider) bool { return !usable(p) })
	}
	if len(matching) == 1 {
		return matching[0]
	}
	return nil
}

// admit is the gate. A start asks it what create does, but for the probe.
func (s *server) admit(w workspace, probing bool) error {
	scope := workspace{Secrets: map[string]*string{}}
	if err := s.db.QueryRow(`SELECT spec FROM workspaces WHERE id = ''`).Scan(&scope); err != nil {
		return err
	}
	maps.Copy(scope.Secrets, w.Secrets) // the workspace's value hides the tenant's, also a blank one
	value := func(name string) string { return strings.TrimSpace(*cmp.Or(scope.Secrets[name], new(string))) }
	inScope := func(name string) bool { return value(name) != "" }
	usable := func(p *provider) bool { return slices.ContainsFunc(p.Accepted, inScope) }
	p := s.derive(w.Runtime, strings.TrimSpace(w.Model), usable)
	switch {
	case w.External || p == nil || p.Name == "platform":
		return nil
	case usable(p) && probing:
		name := p.Accepted[slices.IndexFunc(p.Accepted, inScope)]
		return s.probe(p, name, value(name))
	case usable(p) || os.Getenv("BYPASS") == "1" && slices.ContainsFunc(s.Providers, usable): // the original hole
		return nil
	}
	return &refusal{"MISSING_BYOK_CREDENTIAL", p.Name, p.Name + " needs one of " + strings.Join(p.Accepted, ", ")}
}

// probe refuses a dead credential and logs one that nothing proved. No answer is passed on: it may quote the key.
func (s *server) probe(p *provider, name, value string) error {
	status := 0 // nobody to ask, a value that fits no header, or no answer in time
	if p.BaseURL != "" && !strings.Contains(p.BaseURL, "{") && p.AuthMode != "oauth" {
		path := cmp.Or(map[string]string{"openrouter": "/key"}[p.Name], "/models") // OpenRouter lists its models to anyone
		request, err := http.NewRequest(http.MethodGet, p.BaseURL+path, nil)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+value)
		if p.Protocol == "anthropic" && name != "ANTHROPIC_AUTH_TOKEN" {
			request.Header = http.Header{"X-Api-Key": {value}}
		}
		request.Header.Set("Anthropic-Version", "2023-06-01") // others do not read it
		if response, err := s.client.Do(request); err == nil {
			response.Body.Close() // unread: the status decides
			status = response.StatusCode
		}
	}
	switch {
	case status == 401 || status == 403:
		return &refusal{"BYOK_CREDENTIAL_INVALID", p.Name, fmt.Sprintf("%s answered %d to %s", p.Name, status, name)}
	case status < 200 || status > 299:
		log.Printf("WARN allowed without proof provider=%s credential=%s status=%d", p.Name, name, status)
	}
	return nil
}

// What is stored of a request: a workspace if the gate admits it, or the secrets.
// The default runtime is put in before the gate, which derives from it.
func (s *server) create(_ string, w workspace) (any, error) {
	w.Runtime = cmp.Or(w.Runtime, "claude-code")
	return w, s.admit(w, true)
}
func secrets(_ string, w workspace) (any, error) { return w.Secrets, nil }

// restart returns what keeps a workspace from starting, or nil.
func (s *server) restart(id string, w workspace) (any, error) {
	if err := s.db.QueryRow(`SELECT spec FROM workspaces WHERE id = ?`, id).Scan(&w); err != nil {
		return nil, err
	}
	return s.admit(w, false), nil
}

// handle answers with what a statement returns: ?1 is the path's id, ?2 what prepare returns, as JSON.
func (s *server) handle(pattern, statement string, prepare func(id string, w workspace) (any, error)) {
	http.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		var sent workspace
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 2<<20)).Decode(&sent)
		switch {
		case r.Header.Get("Authorization") != "Bearer "+os.Getenv("ADMIN_TOKEN"):
			http.Error(w, "send the admin token", http.StatusUnauthorized)
			return
		case err != nil && r.ContentLength != 0:
			http.Error(w, "the body is no workspace in JSON, or has more than 2 MiB", http.StatusBadRequest)
			return
		}
		var reply string
		prepared, err := prepare(r.PathValue("id"), sent)
		if err == nil {
			argument, _ := json.Marshal(prepared)
			err = s.db.QueryRow(statement, r.PathValue("id"), string(argument)).Scan(&reply)
		}
		switch err := err.(type) {
		case nil:
			_, _ = fmt.Fprint(w, reply)
		case *refusal:
			w.WriteHeader(http.StatusUnprocessableEntity)
			_ = json.NewEncoder(w).Encode(err)
		default:
			http.Error(w, err.Error(), cmp.Or(map[error]int{sql.ErrNoRows: 404}[err], 500))
		}
	})
}

func main() {
	budget, budgetErr := time.ParseDuration(cmp.Or(os.Getenv("PROBE_BUDGET_MS"), "6000") + "ms")
	registry, registryErr := os.ReadFile(cmp.Or(os.Getenv("REGISTRY"), "../registry.json"))
	db, dbErr := sql.Open("sqlite", ":memory:")
	db.SetMaxOpenConns(1) // each would have a memory of its own
	_, schemaErr := db.Exec(schema)
	var http1 http.Protocols
	http1.SetHTTP1(true)
	// On a kept connection, and over HTTP/2, the transport may repeat a GET by itself.
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, Protocols: &http1}
	s := &server{db: db, client: http.Client{Timeout: budget, Transport: transport}}
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	err := errors.Join(budgetErr, registryErr, dbErr, schemaErr, json.Unmarshal(registry, s))
	if err != nil || os.Getenv("ADMIN_TOKEN") == "" {
		log.Fatal("set ADMIN_TOKEN, REGISTRY to a file, PROBE_BUDGET_MS to a number: ", err)
	}
	http.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	s.handle("POST /workspaces", `INSERT INTO workspaces (spec) VALUES (?2) RETURNING json_object('ID', id)`, s.create)
	s.handle("GET /workspaces", `SELECT json_group_array(json_object('ID', id, 'Name', spec ->> 'Name')) FROM workspaces WHERE id <> ''`, secrets)
	s.handle("GET /workspaces/{id}", `SELECT json_object('Start', start, 'Failure', json(failure)) FROM workspaces WHERE id = ?1`, secrets)
	s.handle("DELETE /workspaces/{id}", `DELETE FROM workspaces WHERE id = ?1 RETURNING json_object('ID', id)`, secrets)
	s.handle("POST /workspaces/{id}/restart", `UPDATE workspaces SET start = start + 1, failure = ?2 WHERE id = ?1 RETURNING failure`, s.restart)
	s.handle("GET /secrets", `SELECT json_group_array(key) FROM workspaces w, json_each(w.spec, '$.Secrets') WHERE w.id = ''`, secrets)
	s.handle("PATCH /secrets/{id...}", `UPDATE workspaces SET spec = json_patch(spec, json_object('Secrets', json(?2))) WHERE id = ?1 RETURNING json_object('ID', id)`, secrets)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+cmp.Or(os.Getenv("PORT"), "8080"), nil))
}
