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
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite"
)

// A row's spec is the create request. Its id is the database's own.
const schema = `CREATE TABLE workspaces (id TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))), spec TEXT, attempt INT DEFAULT 0, status TEXT, failure TEXT);
	INSERT INTO workspaces (id, spec) VALUES ('', '{"secrets": {}}')`

// What needs no gate is one statement. ?1 is the path's id, ?2 the body.
var statements = map[string]string{
	"GET /workspaces":         `SELECT json_group_array(json_object('id', id, 'name', spec ->> 'name')) FROM workspaces WHERE id <> ?1`,
	"GET /workspaces/{id}":    `SELECT json_object('status', status, 'attempt', attempt, 'failure', failure) FROM workspaces WHERE id = ?1`,
	"DELETE /workspaces/{id}": `DELETE FROM workspaces WHERE id = ?1 RETURNING json_object('deleted', id)`,
	"GET /secrets":            `SELECT json_group_array(key) FROM workspaces, json_each(spec, '$.secrets') WHERE workspaces.id = ?1`,
	"PATCH /secrets/{id...}":  `UPDATE workspaces SET spec = json_patch(spec, json_object('secrets', json(?2))) WHERE id = ?1 RETURNING json_object('changed', id)`,
}

var errMalformed = errors.New("the body is not the JSON that belongs here, or has more than 2 MiB")

type server struct {
	db        *sql.DB
	client    http.Client
	bypass    bool // the original hole: any well-known name counts for presence
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
	Name     string            `json:"name"`
	Runtime  string            `json:"runtime"`
	Model    string            `json:"model"`
	External bool              `json:"external"`
	Secrets  map[string]string `json:"secrets"`
}

func (w *workspace) Scan(column any) error { return json.Unmarshal([]byte(column.(string)), w) }

type refusal struct {
	Code     string `json:"code"`
	Provider string `json:"provider"`
	Message  string `json:"message"`
}

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
	var tenant workspace
	if err := s.db.QueryRow(`SELECT spec FROM workspaces WHERE id = ''`).Scan(&tenant); err != nil {
		return err
	}
	find := func(name string) string { // a blank value does not hide the tenant's
		return cmp.Or(strings.TrimSpace(w.Secrets[name]), strings.TrimSpace(tenant.Secrets[name]))
	}
	inScope := func(name string) bool { return find(name) != "" }
	usable := func(p *provider) bool { return slices.ContainsFunc(p.Accepted, inScope) }
	p := s.derive(w.Runtime, strings.TrimSpace(w.Model), usable)
	switch {
	case w.External || p == nil || p.Name == "platform":
		return nil
	case usable(p) && probing:
		name := p.Accepted[slices.IndexFunc(p.Accepted, inScope)]
		return s.probe(p, name, find(name))
	case usable(p) || s.bypass && slices.ContainsFunc(s.Providers, usable):
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
	if p.BaseURL == "" || strings.Contains(p.BaseURL, "{") || p.AuthMode == "oauth" {
		return unproved("the provider cannot be probed")
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return dead("its value holds a control character")
	}
	path := cmp.Or(map[string]string{"openrouter": "/key"}[p.Name], "/models") // OpenRouter lists its models to anyone
	request, err := http.NewRequest(http.MethodGet, p.BaseURL+path, nil)
	if err != nil {
		return err
	}
	request.Close = true // on a connection that is kept, the transport may repeat a GET by itself
	request.Header.Set("Authorization", "Bearer "+value)
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
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return dead(fmt.Sprint("the provider answered ", status))
	case status < 200 || status > 299:
		return unproved(fmt.Sprint("the provider answered ", status))
	}
	return nil
}

func (s *server) create(_ string, body []byte) (id string, err error) {
	var w workspace
	if json.Unmarshal(body, &w) != nil || w.Name == "" {
		return "", errMalformed
	}
	if err := s.admit(w, true); err != nil {
		return "", err
	}
	spec, _ := json.Marshal(w) // what was decoded encodes
	if err := s.db.QueryRow(`INSERT INTO workspaces (spec) VALUES (?) RETURNING id`, string(spec)).Scan(&id); err != nil {
		return "", err
	}
	return s.start(id, nil)
}

// start provisions a workspace in the background. A later attempt overrules an earlier one.
func (s *server) start(id string, _ []byte) (reply string, err error) {
	var attempt int
	var w workspace
	err = s.db.QueryRow(`UPDATE workspaces SET attempt = attempt + 1, status = 'provisioning', failure = NULL WHERE id = ?1 AND id <> ''
		RETURNING attempt, spec, json_object('id', id)`, id).Scan(&attempt, &w, &reply)
	if err != nil {
		return "", err
	}
	go func() {
		status, failure := "running", ""
		if err := s.admit(w, false); err != nil {
			status, failure = "failed", err.Error()
		}
		if _, err := s.db.Exec(`UPDATE workspaces SET status = ?, failure = ? WHERE id = ? AND attempt = ?`, status, failure, id, attempt); err != nil {
			log.Print(err)
		}
	}()
	return reply, nil
}

func answer(ask func(id string, body []byte) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what is cut short is no JSON
		reply, err := ask(r.PathValue("id"), body)
		switch err := err.(type) {
		case nil:
			io.WriteString(w, reply)
		case *refusal:
			w.WriteHeader(http.StatusUnprocessableEntity)
			json.NewEncoder(w).Encode(err)
		default:
			log.Print(err)
			http.Error(w, err.Error(), cmp.Or(map[error]int{errMalformed: 400, sql.ErrNoRows: 404}[err], 500))
		}
	}
}

func main() {
	budget, budgetErr := time.ParseDuration(cmp.Or(os.Getenv("PROBE_BUDGET_MS"), "6000") + "ms")
	registry, registryErr := os.ReadFile(cmp.Or(os.Getenv("REGISTRY"), "../registry.json"))
	db, dbErr := sql.Open("sqlite", ":memory:")
	db.SetMaxOpenConns(1) // each would have a memory of its own
	_, schemaErr := db.Exec(schema)
	s := &server{db: db, bypass: os.Getenv("BYPASS") == "1", client: http.Client{Timeout: budget}}
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	err := errors.Join(budgetErr, registryErr, dbErr, schemaErr, json.Unmarshal(registry, s))
	authorization := "Bearer " + os.Getenv("ADMIN_TOKEN")
	if err != nil || authorization == "Bearer " {
		log.Fatal("set ADMIN_TOKEN, the clients' password, REGISTRY and PROBE_BUDGET_MS: ", err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /workspaces", answer(s.create))
	mux.Handle("POST /workspaces/{id}/restart", answer(s.start))
	for pattern, statement := range statements {
		mux.Handle(pattern, answer(func(id string, body []byte) (reply string, err error) {
			err = db.QueryRow(statement, id, string(body)).Scan(&reply)
			return reply, err
		}))
	}
	admin := http.MaxBytesHandler(mux, 2<<20)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+cmp.Or(os.Getenv("PORT"), "8080"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" {
			return
		}
		if r.Header.Get("Authorization") != authorization {
			http.Error(w, "send the admin token", http.StatusUnauthorized)
			return
		}
		admin.ServeHTTP(w, r)
	})))
}
