// Go-server is a workspace server with a BYOK credential gate. Its rows are in
// SQLite; the row without an id is the tenant, whose secrets every workspace has.
package main

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// A row's spec is the create request. Its failure is why the last attempt to provision it was given up.
const schema = `CREATE TABLE workspaces (id TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))), spec TEXT,
	status TEXT DEFAULT 'provisioning', attempt INT DEFAULT 1, failure TEXT);
INSERT INTO workspaces (id, spec, status) VALUES ('', '{"Secrets": {}}', 'tenant')`

var errMalformed = errors.New("the body is not the JSON that belongs here, or has more than 2 MiB")

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
	Secrets              map[string]string
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
	if len(listing) > 0 {
		return listing[max(0, slices.IndexFunc(listing, usable))]
	}
	if len(matching) > 1 {
		matching = slices.DeleteFunc(matching, func(p *provider) bool { return !usable(p) })
	}
	if len(matching) != 1 {
		return nil
	}
	return matching[0]
}

// admit is the gate. Provisioning asks it what create does, but for the probe.
func (s *server) admit(w workspace, probing bool) error {
	var scope workspace
	if err := s.db.QueryRow(`SELECT spec FROM workspaces WHERE id = ''`).Scan(&scope); err != nil {
		return err
	}
	maps.Copy(scope.Secrets, w.Secrets) // the workspace's value hides the tenant's, also a blank one
	inScope := func(name string) bool { return strings.TrimSpace(scope.Secrets[name]) != "" }
	usable := func(p *provider) bool { return slices.ContainsFunc(p.Accepted, inScope) }
	p := s.derive(w.Runtime, strings.TrimSpace(w.Model), usable)
	switch {
	case w.External || p == nil || p.Name == "platform":
		return nil
	case usable(p) && probing:
		name := p.Accepted[slices.IndexFunc(p.Accepted, inScope)]
		return s.probe(p, name, strings.TrimSpace(scope.Secrets[name]))
	case usable(p) || os.Getenv("BYPASS") == "1" && slices.ContainsFunc(s.Providers, usable): // the original hole
		return nil
	}
	return &refusal{"MISSING_BYOK_CREDENTIAL", p.Name, p.Name + " needs one of " + strings.Join(p.Accepted, ", ")}
}

// probe refuses a dead credential and logs one that nothing proved. Causes are our words: an answer may quote the key.
func (s *server) probe(p *provider, name, value string) error {
	dead := func(cause string) error {
		return &refusal{"BYOK_CREDENTIAL_INVALID", p.Name, p.Name + " cannot use " + name + ": " + cause}
	}
	unproved := func(cause string) error {
		log.Printf("WARN allowed without proof provider=%s credential=%s cause=%q", p.Name, name, cause)
		return nil
	}
	switch {
	case p.BaseURL == "" || strings.Contains(p.BaseURL, "{") || p.AuthMode == "oauth":
		return unproved("the provider cannot be probed")
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return dead("its value holds a control character")
	}
	path := cmp.Or(map[string]string{"openrouter": "/key"}[p.Name], "/models") // OpenRouter lists its models to anyone
	request, err := http.NewRequest(http.MethodGet, p.BaseURL+path, nil)
	if err != nil {
		return err
	}
	request.Header = http.Header{"Authorization": {"Bearer " + value}}
	if p.Protocol == "anthropic" && name != "ANTHROPIC_AUTH_TOKEN" {
		request.Header = http.Header{"X-Api-Key": {value}}
	}
	request.Header.Set("Anthropic-Version", "2023-06-01") // others do not read it
	response, err := s.client.Do(request)
	if err != nil {
		return unproved("no answer within the budget")
	}
	response.Body.Close() // unread: the status decides
	switch status := response.StatusCode; {
	case status == 401 || status == 403:
		return dead(fmt.Sprint("the provider answered ", status))
	case status < 200 || status > 299:
		return unproved(fmt.Sprint("the provider answered ", status))
	}
	return nil
}

// create returns the spec of a workspace that the gate admits.
func (s *server) create(body []byte) ([]byte, error) {
	var w workspace
	if json.Unmarshal(body, &w) != nil || w.Name == "" {
		return nil, errMalformed
	}
	if err := s.admit(w, true); err != nil {
		return nil, err
	}
	return json.Marshal(w)
}

// patch is of secrets by name: a text sets one, null removes it.
func patch(body []byte) ([]byte, error) {
	var secrets map[string]*string
	if json.Unmarshal(body, &secrets) != nil || secrets == nil {
		return nil, errMalformed
	}
	return json.Marshal(secrets)
}

// provision starts the workspaces that wait for it, one after the other.
func (s *server) provision() {
	for {
		var id, failure string
		var attempt int
		var w workspace
		if s.db.QueryRow(`SELECT id, attempt, spec FROM workspaces WHERE status = 'provisioning'`).Scan(&id, &attempt, &w) != nil {
			time.Sleep(10 * time.Millisecond) // nothing waits
			continue
		}
		if err := s.admit(w, false); err != nil {
			failure = err.Error()
		}
		_, _ = s.db.Exec(`UPDATE workspaces SET failure = ?1, status = iif(?1 = '', 'running', 'failed') WHERE id = ?2 AND attempt = ?3`,
			failure, id, attempt) // what is not noted, or has a later attempt, still waits
	}
}

// handle answers with what a statement returns: ?1 is the path's id, ?2 the body as check returns it.
func (s *server) handle(pattern, statement string, check func(body []byte) ([]byte, error)) {
	http.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+os.Getenv("ADMIN_TOKEN") {
			http.Error(w, "send the admin token", http.StatusUnauthorized)
			return
		}
		var reply string
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2<<20)) // what is cut short is no JSON
		if check != nil {
			body, err = check(body)
		}
		if err == nil {
			err = s.db.QueryRow(statement, r.PathValue("id"), string(body)).Scan(&reply)
		}
		switch err := err.(type) {
		case nil:
			_, _ = io.WriteString(w, reply)
		case *refusal:
			w.WriteHeader(http.StatusUnprocessableEntity)
			_ = json.NewEncoder(w).Encode(err)
		default:
			http.Error(w, err.Error(), cmp.Or(map[error]int{errMalformed: 400, sql.ErrNoRows: 404}[err], 500))
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
	go s.provision()
	http.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	s.handle("POST /workspaces", `INSERT INTO workspaces (spec) VALUES (?2) RETURNING json_object('ID', id)`, s.create)
	s.handle("GET /workspaces", `SELECT json_group_array(json_object('ID', id, 'Name', spec ->> 'Name')) FROM workspaces WHERE id <> ''`, nil)
	s.handle("GET /workspaces/{id}", `SELECT json_object('Status', status, 'Attempt', attempt, 'Failure', failure) FROM workspaces WHERE id = ?1`, nil)
	s.handle("DELETE /workspaces/{id}", `DELETE FROM workspaces WHERE id = ?1 RETURNING json_object('ID', id)`, nil)
	s.handle("POST /workspaces/{id}/restart", `UPDATE workspaces SET status = 'provisioning', attempt = attempt + 1 WHERE id = ?1 RETURNING json_object('ID', id)`, nil)
	s.handle("GET /secrets", `SELECT json_group_array(key) FROM workspaces w, json_each(w.spec, '$.Secrets') WHERE w.id = ''`, nil)
	s.handle("PATCH /secrets/{id...}", `UPDATE workspaces SET spec = json_patch(spec, json_object('Secrets', json(?2))) WHERE id = ?1 RETURNING json_object('ID', id)`, patch)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+cmp.Or(os.Getenv("PORT"), "8080"), nil))
}
