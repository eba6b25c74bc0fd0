package suite

import (
	"net/http"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/secrets"
)

// credentialOf makes a credential of its own for every label.
func credentialOf(t testing.TB, label, scope, name, value string) *secrets.Credential {
	t.Helper()
	v, err := scenarios.ParseValue(value)
	if err != nil {
		t.Fatal(err)
	}
	return secrets.NewMaterials("test", registry.Embedded()).Credential(nil, scope, name, v, nil, label)
}

func keyring(list ...*secrets.Credential) *secrets.Ring {
	r := secrets.NewRing()
	r.Add(list)
	return r
}

// reply writes a JSON reply.
func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // the client may have gone, which is its own affair
}
