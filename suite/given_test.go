package suite

import (
	"net/http"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// credentialOf makes a credential of its own for every label.
func credentialOf(t testing.TB, label, scope, name, value string) *credential {
	t.Helper()
	v, err := scenarios.ParseValue(value)
	if err != nil {
		t.Fatal(err)
	}
	return newMaterials("test", registry.Embedded()).credential(nil, scope, name, v, nil, label)
}

func keyring(list ...*credential) *ring {
	r := newRing()
	r.add(list)
	return r
}

// reply writes a JSON reply.
func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // the client may have gone, which is its own affair
}
