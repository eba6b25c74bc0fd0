package target

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTrail keeps what was asked in order, and a question that is asked again and
// again once, with its last answer.
func TestTrail(t *testing.T) {
	ask := func(method, url string, status int) Exchange {
		return Exchange{Method: method, URL: url, Status: status}
	}
	for _, test := range []struct {
		name string
		give []Exchange
		want []string
	}{
		{"nothing", nil, nil},
		{"in order", []Exchange{ask("PUT", "/s", 200), ask("POST", "/r", 202), ask("GET", "/w", 200)}, []string{"PUT /s 200 ", "POST /r 202 ", "GET /w 200 "}},
		{"asked until it changed", []Exchange{ask("GET", "/w", 200), ask("GET", "/e", 404), ask("GET", "/w", 201), ask("GET", "/e", 200), ask("GET", "/w", 202)},
			[]string{"GET /e 200 asked 2 times; this is the last answer", "GET /w 202 asked 3 times; this is the last answer"}},
		{"something else in between", []Exchange{ask("GET", "/w", 200), ask("DELETE", "/s", 200), ask("GET", "/w", 201)}, []string{"GET /w 200 ", "DELETE /s 200 ", "GET /w 201 "}},
		{"what changes things is never folded", []Exchange{ask("PUT", "/s", 202), ask("PUT", "/s", 200)}, []string{"PUT /s 202 ", "PUT /s 200 "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var trail Trail
			ctx := On(t.Context(), &trail, "provision")
			for _, x := range test.give {
				Keep(ctx, func() Exchange { return x })
			}
			var got []string
			for _, x := range trail.Exchanges() {
				if x.Stage != "provision" {
					t.Errorf("the stage is %q", x.Stage)
				}
				got = append(got, fmt.Sprintf("%s %s %d %s", x.Method, x.URL, x.Status, x.Note))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
		})
	}
	Keep(context.Background(), func() Exchange { t.Error("it was made though nobody keeps it"); return Exchange{} })
}
