package secrets

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// TestMaskExchangeHidesWhatIsNoScenarios holds an exchange to hiding secrets
// that the ring does not make: what authorises us, cookies, and whatever stands
// beside a credential in a header that holds secrets.
func TestMaskExchangeHidesWhatIsNoScenarios(t *testing.T) {
	const token, session = "the-admin-token", "a-session-of-ours"
	r := NewRing()
	r.Hide([]string{token})
	got := r.MaskExchange(target.Exchange{
		Method: "GET", URL: "http://t/?s=" + session + "&t=" + token, Note: token,
		RequestHeaders: http.Header{"Authorization": {"Bearer " + token}, "Cookie": {"s=" + session + "; other=another-session"}},
		ResponseHeaders: http.Header{
			"Set-Cookie": {"s=" + session + "; Path=/workspaces"}, "Location": {"/workspaces?" + session}, "X-" + token: {"a"},
		},
		ResponseBody: "said " + session + " and another-session",
	})
	want := target.Exchange{
		Method: "GET", URL: "http://t/?s=<hidden>&t=<hidden>", Note: "<hidden>",
		RequestHeaders:  http.Header{"Authorization": {"Bearer <hidden>"}, "Cookie": {"<hidden>"}},
		ResponseHeaders: http.Header{"Set-Cookie": {"<hidden>"}, "Location": {"/workspaces?<hidden>"}, "X-<hidden>": {"a"}},
		ResponseBody:    "said <hidden> and <hidden>",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("masked (-want +got):\n%s", diff)
	}
	escaped := "{\"said\": \"\\u0074he-admin-token\"}"
	if got := r.maskBody(escaped); got == escaped {
		t.Error("a secret in JSON escapes is shown")
	}
	if plain := "{\"said\": \"\\u0074his is no secret\"}"; r.maskBody(plain) != plain {
		t.Error("other escapes are hidden")
	}
}
