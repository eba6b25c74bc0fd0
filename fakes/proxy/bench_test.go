package proxy

import (
	"io"
	"net/http"
	"testing"
)

func benchmark(b *testing.B, change func(*http.Transport)) {
	r := run(b, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") }, nil)
	client := r.client(b, change)
	for b.Loop() {
		get(b, client, "https://api.anthropic.com/v1/models")
	}
}

func BenchmarkKeptConnection(b *testing.B)      { benchmark(b, nil) }
func BenchmarkKeptConnectionHTTP2(b *testing.B) { benchmark(b, overHTTP2) }
func BenchmarkNewConnection(b *testing.B) {
	benchmark(b, func(tr *http.Transport) { tr.DisableKeepAlives = true })
}

func BenchmarkNewConnectionHTTP2(b *testing.B) {
	r := run(b, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") }, nil)
	for b.Loop() {
		client := r.client(b, overHTTP2)
		get(b, client, "https://api.anthropic.com/v1/models")
		client.CloseIdleConnections()
	}
}
