package gates

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
)

// slowness is what slow-create adds to each create: far above what a reply
// takes, far below any bound of the rules.
const slowness = 20 * time.Millisecond

// lawfulWires send the same replies in another form.
var lawfulWires = []Double{
	{
		Name:  "extra-fields",
		Story: "Every object has fields that the contract does not know, with nulls, numbers and lists among them.",
		Wrap: rewritten(func(object map[string]any) {
			object["api_version"] = 3
			object["hint"] = nil
			object["meta"] = map[string]any{"retryable": false, "took_ms": 1.5, "links": []string{"https://docs.invalid/credentials"}}
			object["status_text"] = ""
		}, plainly),
	},
	{
		Name:  "pretty-printed",
		Story: "Replies are indented for people, with their fields in another order; errors are application/problem+json.",
		Wrap:  rewritten(func(map[string]any) {}, prettily),
	},
	{
		Name: "escaped-json",
		Story: "The JSON library writes quotes as \\u0022 and slashes as \\/, as those of .NET and PHP do; " +
			"the provider stands between such quotes.",
		Server: refusing(func(w http.ResponseWriter, d gate.Decision) { refuseInProse(w, d, prose) }),
		Wrap:   rewritten(func(map[string]any) {}, escaped),
	},
	{
		Name:  "malformed-422",
		Story: "A create that cannot be read is 422 with a code of the server's own, and not 400 (ROB-2 asks for a 4xx).",
		Wrap: replied(func(w http.ResponseWriter, r *http.Request, reply *recording) {
			if r.Method == http.MethodPost && r.URL.Path == "/workspaces" && reply.status == http.StatusBadRequest {
				writeObject(w, http.StatusUnprocessableEntity, map[string]any{"code": "INVALID_REQUEST", "error": "the request cannot be read"})
				return
			}
			reply.send(w)
		}),
	},
	{
		Name:  "slow-create",
		Story: "A create takes its time, whatever the gate says.",
		Wrap:  slowly,
	},
	{
		Name:  "connection-close",
		Story: "Every reply closes its connection.",
		Wrap: replied(func(w http.ResponseWriter, _ *http.Request, reply *recording) {
			w.Header().Set("Connection", "close")
			reply.send(w)
		}),
	},
	{
		Name:  "chunked",
		Story: "Replies are sent in chunks, as they are made.",
		Wrap:  replied(sendInChunks),
	},
	{
		Name:  "gzipped",
		Story: "Replies are in gzip unless the client refuses it (RFC 9110), and errors are problem+json.",
		Wrap:  gzipped,
	},
	{
		Name:  "lower-case-headers",
		Story: "The names of the reply's headers are in lower case, as some servers and most proxies write them.",
		Wrap: replied(onWire(func(reply *recording) []byte {
			reply.header.Set("Content-Length", fmt.Sprint(reply.body.Len()))
			return reply.wire("HTTP/1.1", strings.ToLower)
		})),
	},
	{
		Name:  "http-1.0",
		Story: "Replies are HTTP/1.0 without Content-Length; they end with the connection.",
		Wrap: replied(onWire(func(reply *recording) []byte {
			reply.header.Del("Content-Length")
			return reply.wire("HTTP/1.0", http.CanonicalHeaderKey)
		})),
	},
}

// gzipped sends replies in gzip to clients that do not say that they cannot take it.
func gzipped(next http.Handler) http.Handler {
	return replied(func(w http.ResponseWriter, r *http.Request, reply *recording) {
		maps.Copy(w.Header(), reply.header)
		w.Header().Set("Vary", "Accept-Encoding")
		w.Header().Set("Content-Language", "de")
		if reply.status >= http.StatusBadRequest {
			w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
		}
		if accepted := r.Header.Get("Accept-Encoding"); accepted != "" && !strings.Contains(accepted, "gzip") {
			w.WriteHeader(reply.status)
			_, _ = w.Write(reply.body.Bytes()) // the client has gone; there is nobody to tell
			return
		}
		w.Header().Del("Content-Length")
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(reply.status)
		z := gzip.NewWriter(w)
		_, _ = z.Write(reply.body.Bytes()) // as above
		_ = z.Close()
	})(next)
}

// slowly delays creates.
func slowly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/workspaces" {
			late := time.NewTimer(slowness)
			defer late.Stop()
			select {
			case <-late.C:
			case <-r.Context().Done():
			}
		}
		next.ServeHTTP(w, r)
	})
}

// A recording is a reply that has not been sent.
type recording struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (reply *recording) Header() http.Header { return reply.header }

func (reply *recording) WriteHeader(status int) {
	if reply.status == 0 {
		reply.status = status
	}
}

func (reply *recording) Write(p []byte) (int, error) {
	reply.WriteHeader(http.StatusOK)
	return reply.body.Write(p)
}

// send sends the reply as it is. What fails here fails for want of a client.
func (reply *recording) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), reply.header)
	w.WriteHeader(reply.status)
	_, _ = w.Write(reply.body.Bytes())
}

// wire writes the reply out, header names in the given spelling, with the
// connection to be closed after it.
func (reply *recording) wire(version string, spell func(string) string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %d %s\r\n", version, reply.status, http.StatusText(reply.status))
	reply.header.Set("Connection", "close")
	for _, name := range slices.Sorted(maps.Keys(reply.header)) {
		for _, value := range reply.header[name] {
			fmt.Fprintf(&b, "%s: %s\r\n", spell(name), value)
		}
	}
	b.WriteString("\r\n")
	b.Write(reply.body.Bytes())
	return b.Bytes()
}

// replied has the replies of a handler sent by send.
func replied(send func(http.ResponseWriter, *http.Request, *recording)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			reply := &recording{header: http.Header{}}
			next.ServeHTTP(reply, r)
			reply.WriteHeader(http.StatusOK) // a handler that says nothing means this
			send(w, r, reply)
		})
	}
}

// sendInChunks sends the body in five pieces.
func sendInChunks(w http.ResponseWriter, _ *http.Request, reply *recording) {
	maps.Copy(w.Header(), reply.header)
	w.Header().Del("Content-Length")
	w.WriteHeader(reply.status)
	flush := http.NewResponseController(w)
	for piece := range slices.Chunk(reply.body.Bytes(), reply.body.Len()/5+1) {
		_, _ = w.Write(piece)
		_ = flush.Flush()
	}
}

// onWire writes a reply to the connection itself. It answers 500 where the
// connection cannot be had: what is not HTTP/1 cannot show this double.
func onWire(render func(*recording) []byte) func(http.ResponseWriter, *http.Request, *recording) {
	return func(w http.ResponseWriter, r *http.Request, reply *recording) {
		// A connection that is closed with something unread is reset, reply and all.
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			http.Error(w, "this double needs HTTP/1: "+err.Error(), http.StatusInternalServerError)
			return
		}
		defer conn.Close()
		_, _ = conn.Write(render(reply))
	}
}

// rewritten changes JSON objects and writes all JSON in another way; other
// bodies are sent as they are.
func rewritten(change func(map[string]any), write func(http.Header, int, any) []byte) func(http.Handler) http.Handler {
	return replied(func(w http.ResponseWriter, _ *http.Request, reply *recording) {
		var body any
		if json.Unmarshal(reply.body.Bytes(), &body) == nil {
			if object, ok := body.(map[string]any); ok {
				change(object)
			}
			data := write(reply.header, reply.status, body)
			reply.body.Reset()
			reply.body.Write(data)
			reply.header.Del("Content-Length")
		}
		reply.send(w)
	})
}

// encode writes JSON with the fields of objects in alphabetical order. What has
// been decoded can always be encoded.
func encode(body any, prefix, indent string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent(prefix, indent)
	_ = e.Encode(body)
	return b.Bytes()
}

func plainly(_ http.Header, _ int, body any) []byte { return encode(body, "", "") }

func prettily(header http.Header, status int, body any) []byte {
	if status >= 400 {
		header.Set("Content-Type", "application/problem+json")
	}
	text := append([]byte("\n\t"), encode(body, "\t", "    ")...)
	return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
}

func escaped(_ http.Header, _ int, body any) []byte {
	var b bytes.Buffer
	text := encode(body, "", "")
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '/': // stands in strings only
			b.WriteString(`\/`)
		case text[i] == '\\' && text[i+1] == '"':
			b.WriteString(`\u0022`)
			i++
		case text[i] == '\\':
			b.Write(text[i : i+2])
			i++
		default:
			b.WriteByte(text[i])
		}
	}
	return b.Bytes()
}
