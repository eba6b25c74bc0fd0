package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// depth is how deep a deep body goes; encoding/json gives up at 10,000.
const depth = 10_000

// spoilt is the body of a create request, as a profile builds it, made
// malformed. The error is errNoPlace where the body does not have what is to
// be spoilt, as names and values in JSON objects.
func spoilt(body []byte, m scenarios.Malformation, req *target.CreateRequest) ([]byte, error) {
	switch m {
	case scenarios.EmptyBody:
		return nil, nil
	case scenarios.NotJSON:
		return []byte("name: conformance, this is no JSON"), nil
	case scenarios.Truncated:
		return body[:len(body)/2], nil
	case scenarios.Trailing:
		return append(bytes.Clone(body), "}, {"...), nil
	case scenarios.Array:
		return fmt.Appendf(nil, "[%s]", body), nil
	case scenarios.Null:
		return []byte("null"), nil
	case scenarios.Text:
		return json.Marshal(string(body))
	case scenarios.Deep:
		return []byte(strings.Repeat("[", depth) + strings.Repeat("]", depth)), nil
	case scenarios.Form:
		return []byte("name=conformance&runtime=none"), nil
	case scenarios.InvalidUTF8:
		// Behind our name, which a row of it is known by.
		return replaced(body, quotedJSON(req.Name), `"`+req.Name+"\xff\xfe\"")
	case scenarios.NumberModel:
		return replaced(body, ":"+quotedJSON(req.Model), ":42")
	case scenarios.NullModel:
		return replaced(body, ":"+quotedJSON(req.Model), ":null")
	case scenarios.ListRuntime:
		return replaced(body, ":"+quotedJSON(req.Runtime), `:["a","b"]`)
	case scenarios.NullRuntime:
		return replaced(body, ":"+quotedJSON(req.Runtime), ":null")
	case scenarios.NoRuntime:
		return without(body, "runtime")
	case scenarios.EmptyRuntime:
		return replaced(body, ":"+quotedJSON(req.Runtime), `:""`)
	case scenarios.NoName:
		return without(body, "name")
	case scenarios.NoModel:
		return without(body, "model")
	case scenarios.NumberName:
		return replaced(body, ":"+quotedJSON(req.Name), ":42")
	case scenarios.TextExternal:
		return replaced(body, ":"+strconv.FormatBool(req.External), `:"yes"`)
	}
	if odd, ok := oddNames[m]; ok {
		name := quotedJSON(req.Name)
		return replaced(body, name, name[:len(name)-1]+odd+`"`)
	}
	return spoiltSecret(body, m, req.Secrets)
}

// tooLong is a text that fits neither a column of 255 characters nor an index of PostgreSQL,
// and that still fits a header, by which some servers have a delete confirmed.
var tooLong = strings.Repeat("x", 3_000)

// oddNames are what stands behind our name, which a row is known by, as JSON text.
var oddNames = map[scenarios.Malformation]string{
	scenarios.NULName:       `\u0000x`,
	scenarios.SurrogateName: `\ud83d`,
	scenarios.QuoteName:     `'\"\\; --`,
	scenarios.EmojiName:     `\ud83d\ude00`,
	scenarios.LongName:      tooLong,
}

// oddKeys are what stands in the name of one more secret, as JSON text.
var oddKeys = map[scenarios.Malformation]string{
	scenarios.NULKey:   `\u0000`,
	scenarios.QuoteKey: `'\"\\; --`,
	scenarios.LongKey:  tooLong,
}

// spoiltSecret spoils the first secret of a body, by name.
func spoiltSecret(body []byte, m scenarios.Malformation, secrets map[string]gate.Secret) ([]byte, error) {
	if len(secrets) == 0 {
		return nil, target.ErrNoPlace
	}
	name := strict.SortedKeys(secrets)[0]
	value := quotedJSON(secrets[name].Value)
	entry := quotedJSON(name) + ":" + value
	if odd, ok := oddKeys[m]; ok {
		return replaced(body, entry, entry+`,"CONFORMANCE_`+odd+`":"x"`)
	}
	switch m {
	case scenarios.NumberSecret:
		return replaced(body, ":"+value, ":42")
	case scenarios.BooleanSecret:
		return replaced(body, ":"+value, ":true")
	case scenarios.ObjectSecret:
		return replaced(body, ":"+value, `:{"value":`+value+`}`)
	case scenarios.NullSecret:
		return replaced(body, ":"+value, ":null")
	case scenarios.DuplicateName:
		return replaced(body, entry, entry+","+quotedJSON(name)+`:""`)
	}
	return nil, fmt.Errorf("a create request cannot be made malformed as %q; this is a defect of the harness", m)
}

// without drops a field of a body that is an object.
func without(body []byte, field string) ([]byte, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil || object[field] == nil {
		return nil, target.ErrNoPlace
	}
	delete(object, field)
	return json.Marshal(object)
}

// replaced changes the first occurrence of a text that must be there.
func replaced(body []byte, old, with string) ([]byte, error) {
	if !bytes.Contains(body, []byte(old)) {
		return nil, target.ErrNoPlace
	}
	return bytes.Replace(body, []byte(old), []byte(with), 1), nil
}

// quotedJSON is a string as json.Marshal writes it.
func quotedJSON(s string) string {
	b, _ := json.Marshal(s) // a string always marshals
	return string(b)
}

// contentType is that of a malformed request.
func contentType(m scenarios.Malformation) string {
	if m == scenarios.Form {
		return "application/x-www-form-urlencoded"
	}
	return "application/json"
}

// spoil makes a request's payload malformed; it returns the payload's type.
type spoil func(payload []byte) (body []byte, contentType string, err error)

func spoilFor(req *target.CreateRequest) spoil {
	return func(payload []byte) ([]byte, string, error) {
		body, err := spoilt(payload, req.Malformed, req)
		return body, contentType(req.Malformed), err
	}
}

// plain leaves a payload as it is.
func plain(payload []byte) ([]byte, string, error) { return payload, "application/json", nil }

// setType sets the content type of a request that has a body.
func setType(req *http.Request, payload []byte, contentType string) {
	if payload != nil {
		req.Header.Set("Content-Type", contentType)
	}
}
