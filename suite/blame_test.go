package suite

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/suite/server"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// blamed is a profile whose create.id the tests choose.
const blamed = `schema: byok-conformance/profile/v1
name: blamed
create:
  request: {method: POST, path: /w, body: "{name: $name}"}
  allowed: .status == 201
  id: 'ID'
  code: .body.code
workspaces:
  remove: {request: {method: DELETE, path: "/w/${id}"}, removed: .status == 200}
claims: [create-presence]
`

// TestCreatePointSaysWhoseFault answers a create with what is no whole reply, and with
// replies that an expression makes nothing of.
func TestCreatePointSaysWhoseFault(t *testing.T) {
	const head = "HTTP/1.1 201 Created\r\n"
	for _, test := range []struct{ name, id, reply, fault, seen string }{
		{"no HTTP", ".body.id", "SSH-2.0-x\r\n\r\n", target.InServer, "malformed HTTP"},
		{"nothing", ".body.id", "", target.InServer, "ended before the reply did"},
		{"a body that is cut off", ".body.id", head + "Content-Length: 99\r\n\r\n{\"id\":", target.InServer, "ended before the reply did"},
		{"chunks that are none", ".body.id", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", target.InServer, "invalid"},
		{"two lengths", ".body.id", head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", target.InServer, "Content-Length"},
		{"a control character in JSON", ".body.id", head + "Content-Length: 11\r\n\r\n{\"id\":\"a\x01\"}", target.InServer, `its body is no JSON, so it holds no id: invalid character '\x01'`},
		{"JSON that is cut off", ".body.id", head + "Content-Length: 6\r\n\r\n{\"id\":", target.InServer, "its body is no JSON"},
		{"a gzip that is none", ".body.id", head + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", target.InServer, "says gzip"},
		{"no result", ".body | empty", head + "Content-Length: 10\r\n\r\n{\"id\":\"a\"}", target.InProfile, "create.id finds nothing"},
		{"a list that is none", ".body.rows[].id", head + "Content-Length: 10\r\n\r\n{\"id\":\"a\"}", target.InProfile, "create.id finds nothing in a reply that allows the workspace: cannot iterate over: null"},
		{"another field", ".body.uuid", head + "Content-Length: 10\r\n\r\n{\"id\":\"a\"}", target.InProfile, "holds no id where the profile looks for it"},
		{"plain text", ".body.id", head + "Content-Length: 4\r\n\r\nws-1", target.InProfile, "holds no id where the profile looks for it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				_, _ = conn.Write([]byte(test.reply)) // the target may have gone
			}))
			defer s.Close()
			text := strings.Replace(blamed, "ID", test.id, 1)
			p, err := server.ParseProfile("f", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			srv, err := server.New(p, s.URL, server.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer srv.CloseIdle()
			got := createPoint(srv.Create(t.Context(), target.CreateRequest{Name: "n"}))
			if got.State != target.Wrong || got.Fault != test.fault || !strings.Contains(got.Seen, test.seen) {
				t.Errorf("%v: %s: %s; want %s and %q", got.State, got.Fault, got.Seen, test.fault, test.seen)
			}
		})
	}
}
