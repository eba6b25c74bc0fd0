package gate_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/gate"
)

// However a secret is written, alone or inside of something, its value stays out.
func TestSecretHidesItsValue(t *testing.T) {
	v := value("hidden")
	secret := gate.Secret{Value: v}
	request := gate.Request{Runtime: "r", Model: "m", Secrets: gate.Secrets{
		Workspace: map[string]gate.Secret{"W": secret}, Global: map[string]gate.Secret{"G": secret},
	}}
	things := map[string]any{
		"secret": secret, "pointer": &secret, "list": []gate.Secret{secret}, "map": map[string]gate.Secret{"K": secret},
		"secrets": request.Secrets, "request": request, "pointer to request": &request,
		"credential": gate.Credential{Name: "K", Secret: secret},
		"exported":   struct{ S gate.Secret }{secret},
	}
	writers := map[string]func(any) string{
		"json": func(x any) string { data, err := json.Marshal(x); return fmt.Sprintf("%s%v", data, err) },
		"yaml": func(x any) string { data, err := yaml.Marshal(x); return fmt.Sprintf("%s%v", data, err) },
		"slog text": func(x any) string {
			var b bytes.Buffer
			slog.New(slog.NewTextHandler(&b, nil)).Info("", "x", x)
			return b.String()
		},
		"slog json": func(x any) string {
			var b bytes.Buffer
			slog.New(slog.NewJSONHandler(&b, nil)).Info("", "x", x)
			return b.String()
		},
		"Print": func(x any) string { return fmt.Sprint(x) },
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%80v"} {
		writers[verb] = func(x any) string { return fmt.Sprintf(verb, x) }
	}
	for how, write := range writers {
		for what, thing := range things {
			text := write(thing)
			if holds(text, v) || holds(text, fmt.Sprintf("%x", v)) || holds(text, fmt.Sprintf("%X", v)) || holds(text, fmt.Sprint([]byte(v))) {
				t.Errorf("%s of %s holds the value: %s", how, what, text)
			}
			if !strings.Contains(text, "[redacted]") {
				t.Errorf("%s of %s does not say that something is hidden: %s", how, what, text)
			}
		}
	}
	if data, err := xml.Marshal(secret); err != nil || holds(string(data), v) {
		t.Errorf("xml: %s, %v", data, err)
	}
}

func TestSecretPresent(t *testing.T) {
	for _, c := range []struct {
		secret gate.Secret
		want   bool
	}{
		{gate.Secret{}, false},
		{gate.Secret{Value: " \t\r\n"}, false},
		{gate.Secret{Value: " x "}, true},
		{gate.Secret{Unreadable: true}, true},
		{gate.Secret{Value: " ", Unreadable: true}, true},
	} {
		if got := c.secret.Present(); got != c.want {
			t.Errorf("value %q, unreadable %t: Present() = %t, want %t", c.secret.Value, c.secret.Unreadable, got, c.want)
		}
	}
}
