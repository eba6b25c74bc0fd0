package registry_test

import (
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
)

func TestCanonicalHost(t *testing.T) {
	for _, test := range []struct{ host, scheme, want string }{
		{"api.test", "https", "api.test"}, {"API.Test", "https", "api.test"}, {"api.test.", "https", "api.test"},
		{"api.test:443", "https", "api.test"}, {"api.test.:443", "https", "api.test"}, {"api.test:80", "https", "api.test:80"},
		{"api.test:80", "http", "api.test"}, {"api.test:443", "http", "api.test:443"}, {"api.test:8443", "https", "api.test:8443"},
		{"api.test:443", "", "api.test"}, {"api.test:80", "", "api.test"}, {"api.test:", "https", "api.test"},
		{"[::1]", "https", "[::1]"}, {"[::1]:443", "https", "[::1]"}, {"[::1]:8080", "http", "[::1]:8080"}, {"127.0.0.1:80", "http", "127.0.0.1"}, {"", "https", ""},
	} {
		if got := registry.CanonicalHost(test.host, test.scheme); got != test.want {
			t.Errorf("%q over %s is %q, want %q", test.host, test.scheme, got, test.want)
		}
	}
}
