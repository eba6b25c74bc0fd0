package reports_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/reportstest"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(reports.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("report.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWrittenReportsSatisfyTheSchema(t *testing.T) {
	s := compileSchema(t)
	runs := map[string]*reportstest.Parts{"sample": reportstest.Sample(), "empty": {}}
	runs["empty"].Footer = reportstest.Footer(runs["empty"], reports.Ended{Status: reports.Aborted, Reason: "no target"})
	for name, text := range reportstest.Hostile {
		runs[name] = reportstest.HostileRun(text)
	}
	for name, run := range runs {
		t.Run(name, func(t *testing.T) {
			doc, err := jsonschema.UnmarshalJSON(strings.NewReader(reportstest.JSON(t, run.Run())))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(doc); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSchemaRefuses(t *testing.T) {
	s := compileSchema(t)
	whole := reportstest.JSON(t, reportstest.Sample().Run())
	cases := []struct{ name, old, new string }{
		{"another schema", "report/v1", "report/v2"},
		{"an unknown field", `"seed":`, `"sead":"","seed":`},
		{"no end record", `"ended":{`, `"end":{`},
		{"a time that is none", "2026-06-01T12:00:00Z", "yesterday"},
		{"an outcome that is none", `"outcome":"passed"`, `"outcome":"skipped"`},
		{"a failure of nothing", `"outcome":"passed"`, `"outcome":"failed"`},
		{"a pass with a violation", `"outcome":"failed"`, `"outcome":"passed"`},
		{"an error without a reason", `,"reason":"the target closed`, `,"effect":"the target closed`},
		{"an exchange with nobody", `"direction":"upstream"`, `"direction":"nobody"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(whole, c.old) {
				t.Fatalf("the sample has no %s", c.old)
			}
			doc, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Replace(whole, c.old, c.new, 1)))
			if err != nil {
				t.Fatal(err)
			}
			if s.Validate(doc) == nil {
				t.Error("the schema takes it")
			}
		})
	}
}

// The schema and the Go types name the same fields, and require those that are
// always written.
func TestSchemaAndTypesAgree(t *testing.T) {
	type object struct {
		Properties map[string]any `json:"properties"`
		Required   []string       `json:"required"`
	}
	var doc struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(reports.Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	top, topRequired := fields(reflect.TypeFor[reports.Header]())
	tail, tailRequired := fields(reflect.TypeFor[reports.Footer]())
	compareFields(t, "report", append(append(top, tail...), "results", "seen"), append(append(topRequired, tailRequired...), "results"),
		doc.Properties, doc.Required)
	for _, typ := range []reflect.Type{
		reflect.TypeFor[reports.Tool](), reflect.TypeFor[reports.Corpus](), reflect.TypeFor[reports.Registry](), reflect.TypeFor[reports.Target](),
		reflect.TypeFor[reports.Selection](), reflect.TypeFor[reports.Result](), reflect.TypeFor[reports.Violation](), reflect.TypeFor[reports.Exchange](),
		reflect.TypeFor[reports.Rule](), reflect.TypeFor[reports.Summary](), reflect.TypeFor[reports.Ended](),
	} {
		name := strings.ToLower(typ.Name())
		all, required := fields(typ)
		compareFields(t, name, all, required, doc.Defs[name].Properties, doc.Defs[name].Required)
	}
}

// fields returns the JSON names of a type's fields, and those always written.
func fields(typ reflect.Type) (all, required []string) {
	for i := range typ.NumField() {
		name, omit, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		all = append(all, name)
		if omit == "" {
			required = append(required, name)
		}
	}
	return all, required
}

func compareFields(t *testing.T, name string, all, required []string, properties map[string]any, schemaRequired []string) {
	t.Helper()
	var known []string
	for p := range properties {
		known = append(known, p)
	}
	for _, list := range [][]string{all, required, known, schemaRequired} {
		slices.Sort(list)
	}
	if diff := cmp.Diff(all, known); diff != "" {
		t.Errorf("%s: fields differ (-Go +schema):\n%s", name, diff)
	}
	if diff := cmp.Diff(required, schemaRequired); diff != "" {
		t.Errorf("%s: required fields differ (-Go +schema):\n%s", name, diff)
	}
}

// Read requires the fields that the types always write.
func TestReadRequiresWhatIsAlwaysWritten(t *testing.T) {
	_, want := fields(reflect.TypeFor[reports.Header]())
	if diff := cmp.Diff(want, reports.HeaderFields); diff != "" {
		t.Errorf("the header's fields differ (-Go +Read):\n%s", diff)
	}
}

func TestNormal(t *testing.T) {
	berlin := time.FixedZone("CEST", 2*3600)
	got := reports.Normal(reports.Header{Started: time.Date(2026, 6, 1, 14, 0, 0, 1_234_567, berlin), Seed: "a\xffb"})
	if text := got.Started.Format(time.RFC3339Nano); text != "2026-06-01T12:00:00.001Z" {
		t.Errorf("started is %s", text)
	}
	if got.Seed != `a\xffb` || got.Claims == nil {
		t.Errorf("seed is %q, claims are %#v", got.Seed, got.Claims)
	}
	if zero := reports.Normal(reports.Ended{}); !zero.Finished.IsZero() {
		t.Errorf("no time became %v", zero.Finished)
	}
}
