package registry_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestDeriveBatch(t *testing.T) {
	const plain = `{"runtime":"main","model":"only"}` + "\n"
	const answer = `{"provider":"plain"}` + "\n"
	long := strings.Repeat("x", 1<<20-len(`{"runtime":"main","model":""}`))
	tests := []struct {
		name, in, want string
		// wantErr is a part of the error; none is wanted where it is empty.
		wantErr string
	}{
		{"nothing", "", "", ""},
		{"only blank lines", "\n  \n", "", ""},
		{"in order", `{"runtime":"main","model":"both","env":["ONE"]}
{"runtime":"main","model":"both","env":[]}
{"runtime":"main","model":"nope"}
{"runtime":"main","model":" "}
{"runtime":"none","model":"both"}
{"runtime":"main","model":"p1","env":null}
`, `{"provider":"one"}
{"provider":"two"}
{"provider":null,"reason":"unowned-model"}
{"provider":null,"reason":"empty-model"}
{"provider":null,"reason":"unknown-runtime"}
{"provider":null,"reason":"undecided-overlap"}
`, ""},
		{"no newline at the end", plain + strings.TrimSuffix(plain, "\n"), answer + answer, ""},
		{"lines that end with CR LF", strings.ReplaceAll(plain+plain, "\n", "\r\n"), answer + answer, ""},
		{"blank lines at the end", plain + "\n \n", answer, ""},
		{"unknown fields", `{"runtime":"main","model":"only","id":[7]}`, answer, ""},
		{"nothing in the object", "{}", `{"provider":null,"reason":"unknown-runtime"}` + "\n", ""},
		{"an earlier line leaves nothing behind", `{"runtime":"main","model":"both","env":["ONE"]}` + "\n" + `{"model":"both"}`,
			`{"provider":"one"}` + "\n" + `{"provider":null,"reason":"unknown-runtime"}` + "\n", ""},
		{"a line of 1 MiB", `{"runtime":"main","model":"` + long + `"}` + "\n" + plain,
			`{"provider":null,"reason":"unowned-model"}` + "\n" + answer, ""},

		{"a longer line", plain + `{"runtime":"main","model":"x` + long + `"}` + "\n", answer, "line 2 is longer than 1048576 bytes"},
		{"a much longer line", plain + strings.Repeat(long, 3), answer, "line 2 is longer than 1048576 bytes"},
		{"a blank line in between", plain + "\n" + plain, answer, "line 2 is blank"},
		{"no JSON", plain + "hello\n" + plain, answer, "line 2: want an object with runtime, model and env: invalid character 'h'"},
		{"half an object", plain + `{"runtime":"main"` + "\n" + plain, answer, "line 2: want an object"},
		{"two objects in a line", `{} {}`, "", "line 1: want an object"},
		{"a list", `[]`, "", "line 1: want an object"},
		{"null", `null`, "", "line 1: want an object with runtime, model and env: got null"},
		{"model is a number", plain + `{"runtime":"main","model":4}`, answer, "line 2: want an object"},
		{"runtime is a list", `{"runtime":["main"]}`, "", "line 1: want an object"},
		{"env is a word", `{"runtime":"main","model":"only","env":"A"}`, "", "line 1: want an object"},
		{"env holds a number", `{"runtime":"main","model":"only","env":["A",1]}`, "", "line 1: want an object"},
	}
	r := mustLoad(t, ties)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			err := r.DeriveBatch(strings.NewReader(tt.in), &out)
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
			if (err == nil) != (tt.wantErr == "") || err != nil && !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("error is %v, want %q", err, tt.wantErr)
			}
		})
	}
}

func TestDeriveBatchPassesOnErrors(t *testing.T) {
	r := mustLoad(t, ties)
	broken := errors.New("broken")
	if err := r.DeriveBatch(iotest.ErrReader(broken), new(bytes.Buffer)); !errors.Is(err, broken) || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("error of the reader became %v", err)
	}
	if err := r.DeriveBatch(strings.NewReader("{}\n"), brokenWriter{broken}); !errors.Is(err, broken) {
		t.Errorf("error of the writer became %v", err)
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }
