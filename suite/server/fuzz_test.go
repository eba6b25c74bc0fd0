package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

var withPlace = regexp.MustCompile(`^fuzzed\.yaml:[1-9][0-9]*:[1-9][0-9]*: .`)

// FuzzParseProfile: whatever the bytes, an error has its place in the file, and
// a profile without one is whole: it has what its claims need.
func FuzzParseProfile(f *testing.F) {
	for _, name := range ProfileNames() {
		p, err := LoadProfile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p.raw)
	}
	for _, seed := range []string{
		lean, "", "- 1", "\xff\xfes\x00", "a\x00b", "&a [*a]", "{", lean + "---\n", strings.ReplaceAll(lean, ".status == 201", "[.[]?|.a"),
		strings.ReplaceAll(lean, "name: lean", "headers: {A: '${env:A}', B: 1}\nname: lean"), strings.ReplaceAll(lean, "[create-presence]", "&a [*a]"),
		strings.ReplaceAll(lean, "name: lean", "loud: {line: '{provider} {credential} ('}\nname: lean"),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParseProfile("fuzzed.yaml", data)
		if err != nil {
			if p != nil || !withPlace.MatchString(err.Error()) {
				t.Fatalf("profile %v, error without a place: %v", p, err)
			}
			return
		}
		if missing := p.missing(ProfileSchema); len(missing) > 0 || p.Name == "" || p.Digest == "" {
			t.Fatalf("the profile %q has no %v", p.Name, missing)
		}
		if _, err := New(p, "http://127.0.0.1:1", Options{Env: func(string) (string, bool) { return "v", true }}); err != nil {
			t.Fatalf("no target can be made of it: %v", err)
		}
	})
}

// answered is a server that says the same bytes to everything, once.
type answered struct {
	said   []byte
	cancel context.CancelFunc
}

// RoundTrip reads the bytes as HTTP. What would be asked after the first reply,
// as a rate limit makes us, is cut short.
func (a *answered) RoundTrip(r *http.Request) (*http.Response, error) {
	defer a.cancel()
	return http.ReadResponse(bufio.NewReader(bytes.NewReader(a.said)), r)
}

// FuzzReply holds what is read of a reply, whatever bytes come, to a naive
// reading: allowed is a 201 with an id and nothing else, and a refusal of the
// gate's is one of its codes and nothing else.
func FuzzReply(f *testing.F) {
	p, err := LoadProfile("workspace-server")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		"201 Created\r\n\r\n{\"id\":\"1\"}", "201 Created\r\n\r\n{\"id\":1}", "201 \r\nContent-Length: 99\r\n\r\n{\"id\":\"1\"}", "422 \r\n\r\n{\"code\":\"MISSING_BYOK_CREDENTIAL\"}",
		"422 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", "500 \r\n\r\n<html>", "429 \r\nRetry-After: 1e309\r\n\r\n{}", "307 \r\nLocation: http://127.0.0.1/\r\n\r\n",
		"422 \r\n\r\n{\"code\":[\"INVALID_BYOK_CREDENTIAL\"],\"provider\":{}}", "400 \r\n\r\n{\"code\":null}", "200 \r\n\r\n" + strings.Repeat("[", 20_000),
		"422 \r\nX-A: \xff\r\n\r\n\xff\xfe", "101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "204 No Content\r\n\r\n", "422 \r\n\r\n{\"code\":\"MODEL_REQUIRED\"}",
	} {
		f.Add([]byte("HTTP/1.1 " + seed))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		srv, err := New(p, "http://127.0.0.1:1", Options{Transport: &answered{said, cancel}, Env: func(string) (string, bool) { return "t", true }})
		if err != nil {
			t.Fatal(err)
		}
		got := srv.Create(ctx, target.CreateRequest{Name: "n", Runtime: "r", Model: "m"})
		status, fields := replyByTheBook(said)
		code, _ := fields["code"].(string)
		known := slices.Contains([]string{"MISSING_BYOK_CREDENTIAL", "BYOK_CREDENTIAL_INVALID", "INVALID_BYOK_CREDENTIAL"}, code)
		id, _ := fields["id"].(string)
		switch got.Outcome {
		case target.Allowed:
			if status != 201 || id == "" || got.Workspace.ID != id {
				t.Fatalf("allowed by %d %v", status, fields)
			}
		case target.Refused:
			if status == 201 || !known && (status < 400 || status > 499) {
				t.Fatalf("refused by %d %v", status, fields)
			}
		case target.Rejected:
			if status == 201 || known {
				t.Fatalf("refused by another rule by %d %v", status, fields)
			}
		case target.NoReply:
			if got.Err == nil {
				t.Fatal("no reply, and nothing says why")
			}
		}
		if got.Outcome != target.NoReply && (got.Code != "") != (known && fields != nil) && status != 0 {
			t.Fatalf("the code is %q for %d %v", got.Code, status, fields)
		}
		if !slices.Contains([]gate.Code{"", gate.MissingCredential, gate.InvalidCredential}, got.Code) {
			t.Fatalf("the code is %q", got.Code)
		}
	})
}

// replyByTheBook is the status and the object of a reply; 0 and nil where there
// is none, or where it ends before its end.
func replyByTheBook(said []byte) (int, map[string]any) {
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(said)), nil)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		return 0, nil
	}
	var fields map[string]any
	if json.Unmarshal(body.Bytes(), &fields) != nil {
		fields = nil
	}
	return resp.StatusCode, fields
}
