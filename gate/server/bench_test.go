package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func benchmarkCreate(b *testing.B, secrets map[string]string, status int) {
	c := newClient(b, nil)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		r := httptest.NewRequest("POST", "/workspaces", strings.NewReader(createBody(fmt.Sprintf("w-%d", n), claude, secrets)))
		r.Header.Set("Authorization", "Bearer "+adminToken)
		w := httptest.NewRecorder()
		c.server.ServeHTTP(w, r)
		if w.Code != status {
			b.Fatalf("status %d: %s", w.Code, w.Body)
		}
	}
}

func BenchmarkRefused(b *testing.B) {
	benchmarkCreate(b, map[string]string{foreign: "v"}, http.StatusUnprocessableEntity)
}

func BenchmarkCreated(b *testing.B) {
	benchmarkCreate(b, map[string]string{accepted: "live"}, http.StatusCreated)
}
