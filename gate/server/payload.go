package server

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/molecule-ai/byok-conformance/gate"
)

const (
	// defaultRuntime is what a create without a runtime gets.
	defaultRuntime = "claude-code"
	// maxName, maxRuntime and maxModel are in characters.
	maxName    = 255
	maxRuntime = 100
	maxModel   = 100
)

// A CreateRequest is the body of POST /workspaces, as far as this server reads
// it.
type CreateRequest struct {
	Name string
	// Runtime is never empty: the server's default stands in for it.
	Runtime string
	// Model is as it was sent, white space included.
	Model    string
	External bool
	URL      string
	// Secrets are the workspace's, by name; never nil.
	Secrets map[string]gate.Secret
}

// readCreate returns the create request in r's body. Where there is none that is
// valid it answers 400 or 413 itself and returns false.
func readCreate(w http.ResponseWriter, r *http.Request) (CreateRequest, bool) {
	const malformed = "invalid workspace payload"
	var body struct {
		Name     string            `json:"name"`
		Runtime  string            `json:"runtime"`
		Model    string            `json:"model"`
		External bool              `json:"external"`
		URL      string            `json:"url"`
		Secrets  map[string]string `json:"secrets"`
	}
	if !readJSON(w, r, &body, malformed) {
		return CreateRequest{}, false
	}
	if strings.TrimSpace(body.Name) == "" {
		writeError(w, http.StatusBadRequest, malformed)
		return CreateRequest{}, false
	}
	if !isField(body.Name, maxName) || !isField(body.Runtime, maxRuntime) || !isField(body.Model, maxModel) {
		writeError(w, http.StatusBadRequest, "invalid workspace fields")
		return CreateRequest{}, false
	}
	if body.Runtime == "" {
		body.Runtime = defaultRuntime
	}
	c := CreateRequest{
		Name:     body.Name,
		Runtime:  body.Runtime,
		Model:    body.Model,
		External: body.External,
		URL:      body.URL,
		Secrets:  make(map[string]gate.Secret, len(body.Secrets)),
	}
	for name, value := range body.Secrets {
		c.Secrets[name] = gate.Secret{Value: value}
	}
	return c, true
}

func isField(value string, maxCharacters int) bool {
	return !strings.ContainsAny(value, "\r\n\x00") && utf8.RuneCountInString(value) <= maxCharacters
}
