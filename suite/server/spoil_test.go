package server

import (
	"errors"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

func TestSpoilt(t *testing.T) {
	req := &target.CreateRequest{
		Name: "n", Runtime: "r", Model: "m", External: true,
		Secrets: map[string]gate.Secret{"B": {Value: "two"}, "A": {Value: "one"}},
	}
	const body = `{"external":true,"model":"m","name":"n","runtime":"r","secrets":{"A":"one","B":"two"}}`
	tests := map[scenarios.Malformation]string{
		scenarios.EmptyBody:     "",
		scenarios.NotJSON:       "name: conformance, this is no JSON",
		scenarios.Truncated:     body[:len(body)/2],
		scenarios.Trailing:      body + "}, {",
		scenarios.Array:         "[" + body + "]",
		scenarios.Null:          "null",
		scenarios.Text:          `"{\"external\":true,\"model\":\"m\",\"name\":\"n\",\"runtime\":\"r\",\"secrets\":{\"A\":\"one\",\"B\":\"two\"}}"`,
		scenarios.Deep:          strings.Repeat("[", depth) + strings.Repeat("]", depth),
		scenarios.Form:          "name=conformance&runtime=none",
		scenarios.InvalidUTF8:   strings.Replace(body, `"n"`, "\"n\xff\xfe\"", 1),
		scenarios.NumberModel:   strings.Replace(body, `:"m"`, ":42", 1),
		scenarios.NullModel:     strings.Replace(body, `:"m"`, ":null", 1),
		scenarios.ListRuntime:   strings.Replace(body, `:"r"`, `:["a","b"]`, 1),
		scenarios.NullRuntime:   strings.Replace(body, `:"r"`, ":null", 1),
		scenarios.NoRuntime:     strings.Replace(body, `"runtime":"r",`, "", 1),
		scenarios.EmptyRuntime:  strings.Replace(body, `:"r"`, `:""`, 1),
		scenarios.NoName:        strings.Replace(body, `"name":"n",`, "", 1),
		scenarios.NoModel:       strings.Replace(body, `"model":"m",`, "", 1),
		scenarios.NumberName:    strings.Replace(body, `:"n"`, ":42", 1),
		scenarios.TextExternal:  strings.Replace(body, `:true`, `:"yes"`, 1),
		scenarios.BooleanSecret: strings.Replace(body, `:"one"`, ":true", 1),
		scenarios.NumberSecret:  strings.Replace(body, `:"one"`, ":42", 1),
		scenarios.ObjectSecret:  strings.Replace(body, `:"one"`, `:{"value":"one"}`, 1),
		scenarios.NullSecret:    strings.Replace(body, `:"one"`, ":null", 1),
		scenarios.DuplicateName: strings.Replace(body, `"A":"one"`, `"A":"one","A":""`, 1),
	}
	for _, m := range scenarios.Malformations {
		want, listed := tests[m]
		got, err := spoilt([]byte(body), m, req)
		if !listed || err != nil || string(got) != want {
			t.Errorf("%s: %.100q, %v; want %.100q", m, got, err, want)
		}
	}
}

// A profile may send secrets in a list: what stands nowhere cannot be spoilt.
func TestSpoiltWithoutAPlace(t *testing.T) {
	req := &target.CreateRequest{Secrets: map[string]gate.Secret{"A": {Value: "one"}}}
	for body, want := range map[string]error{`[{"name":"A","value":"one"}]`: target.ErrNoPlace, `{"A":"one"}`: nil} {
		if _, err := spoilt([]byte(body), scenarios.DuplicateName, req); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", body, err, want)
		}
	}
	if _, err := spoilt([]byte(`{}`), scenarios.NumberSecret, &target.CreateRequest{}); !errors.Is(err, target.ErrNoPlace) {
		t.Errorf("without secrets: %v", err)
	}
}
