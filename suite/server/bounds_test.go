package server

import (
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/itchyny/gojq"
)

func expressionOf(t *testing.T, text string) *expression {
	t.Helper()
	query, err := gojq.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	x, err := newExpression(query, []string{"$text"})
	if err != nil {
		t.Fatal(err)
	}
	x.name = "id"
	return x
}

// No expression runs for ever, and none takes more memory than a reply could need.
func TestEndlessExpressions(t *testing.T) {
	defer func(n int) { mostSteps = n }(mostSteps)
	mostSteps /= 20
	for _, text := range []string{
		"def f: f; f",
		"def f: 1 + f; f",
		"[range(1e18)]",
		"last(repeat(1))",
		"[limit(1e12; repeat(1))]",
		"0 | until(false; . + 1)",
		"reduce range(60) as $i (\"x\"; . + .)",
		"reduce range(60) as $i ([1]; . + .)",
		"reduce range(60) as $i ([1]; [.[], .[]])",
		"reduce range(60) as $i ([1]; [., .])",
		"reduce range(60) as $i ({a: 1}; {a: ., b: .}) | tojson",
		"reduce range(60) as $i ([1]; .[0] = [., .])",
		"reduce range(60) as $i ([1]; . += .)",
		"reduce range(60) as $i (\"x\"; \"\\(.)\\(.)\")",
		"reduce range(60) as $i (10; . * .)",
		"reduce range(1e9) as $i (null; [.])",
		"\"x\" * 2000000000",
		"2000000000 * \"x\"",
		"[range(5000)] | map([]) + [[range(5000)]] | transpose",
		"(\"x\" * 1e6) as $x | [range(1e5)] | join($x)",
		"(\"x\" * 1e6) as $x | [range(1e5) | $x] | add",
		"[recurse([., .])]",
		"[.[] | (., .)] | until(false; [.[], .[]])",
	} {
		t.Run(text, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := expressionOf(t, text).run([]any{"a"}, "text")
			runtime.ReadMemStats(&after)
			var endless *EndlessError
			if !errors.As(err, &endless) || endless.Name != "id" {
				t.Errorf("err = %v, want one that says that id was stopped", err)
			}
			if used := after.HeapSys - before.HeapSys; after.HeapSys > before.HeapSys && used > 1<<30 {
				t.Errorf("it took %d MiB", used>>20)
			}
		})
	}
}

// Bounds change nothing about what an expression says.
func TestBoundedExpressions(t *testing.T) {
	var input any
	if err := json.Unmarshal([]byte(`{"a": [1, 2, {"b": "c"}], "n": 7, "t": "x y", "o": {"p": [3, 4]}}`), &input); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		".", ".a + [1]", "(1, 2) + (10, 20)", "[(1, 2) * (10, 20)]", "{(.t): .n, k: [.a[]]}", ".t * 3", "0 * .t", ".o * {p: 1, q: 2}",
		".a |= map(tostring)", ".o.p += [5]", ".n *= 2", ".o.p[1] = {x: [1]}", "[.a[0, 1] | . * 2] | join(\"-\")", "[[1, 2], [3]] | transpose",
		"\"\\(.n) and \\(.o)\"", "@json \"<\\(.a)>\"", "{a: [1, {b: 2}]}.a[1].b", "[1, [2]][1][0]", "def f($x): $x + 1; f(.n) + f(1)", ".a[2].b as $v | {$v}",
		"[.. | numbers] | add", "[paths] | length", "reduce .a[:2][] as $x (0; . + $x)", "[limit(3; repeat(1))]", "if .n > 3 then [.n] else {} end", "try error([1]) catch .",
		"[.a[] | select(type == \"object\") | {id: (.b | tostring)}]", "path(.a[0])", "[getpath([\"o\", \"p\"])]", "to_entries | map(.key)", "$text + \"!\"", ".a[.a[0] + 0]", "del(.a[0, 1])",
		"label $out | foreach .a[] as $i (0; . + 1; if . > 1 then ., break $out else . end)", "1e1000", "-(1 + 2)", "[.[] | (strings, numbers)] | sort",
	} {
		t.Run(text, func(t *testing.T) {
			query, err := gojq.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			code, err := gojq.Compile(query, gojq.WithVariables([]string{"$text"}))
			if err != nil {
				t.Fatal(err)
			}
			all := func(i gojq.Iter) (out []any) {
				for v, ok := i.Next(); ok; v, ok = i.Next() {
					if err, failed := v.(error); failed {
						v = err.Error()
					}
					out = append(out, v)
				}
				return out
			}
			want, got := all(code.Run(input, "text")), all(expressionOf(t, text).code.RunWithContext(spend(), input, "text"))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-jq +bounded):\n%s", diff)
			}
		})
	}
}

// A reply as long as replies can be is read.
func TestLongListsAreRead(t *testing.T) {
	body := "[" + strings.Repeat(`{"id":"0123456789-0123456789-0123456789","name":"byok-01234567-1-1-0-0","parent_id":null,"status":"online","x":"`+strings.Repeat("x", 80)+`"},`, 40_000) + `{"id":"last","name":"n"}]`
	if len(body) > maxReply {
		t.Fatalf("the list takes %d bytes", len(body))
	}
	var parsed any
	if err := json.Unmarshal([]byte(body), &parsed); err != nil {
		t.Fatal(err)
	}
	p, err := LoadProfile("workspace-server")
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.list.items.run(map[string]any{"status": 200, "body": parsed})
	if list, _ := got.([]any); err != nil || len(list) != 40_001 {
		t.Errorf("%d items, err = %v", len(list), err)
	}
}
