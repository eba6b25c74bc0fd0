package registry

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/internal/textfile"
)

// schemaVersion is the one version of the format that Load knows.
const schemaVersion = 1

// LoadFile loads the registry at path. Its errors are Load's, and those of
// reading the file, which name the path too.
func LoadFile(path string) (*Registry, error) {
	data, err := textfile.Read(path)
	if err != nil {
		return nil, fmt.Errorf("reading a registry: %w", err)
	}
	return Load(path, data)
}

// Load parses and validates a registry; name stands for the file in its errors.
// The error joins one *PositionError for each thing that is wrong, in the order
// of the file; the registry is nil then.
func Load(name string, data []byte) (*Registry, error) {
	r := &reader{file: name, merging: make(map[*yaml.Node]bool), rows: make(map[*Provider]record)}
	document, err := r.document(data)
	if err != nil {
		return nil, err
	}
	r.budget = countNodes(document) + maxAliasNodes
	registry := r.registry(r.value(document, ""))
	if r.exhausted != nil {
		return nil, joinSorted([]*PositionError{r.exhausted})
	}
	if len(r.problems) > 0 {
		return nil, r.told()
	}
	r.review(registry)
	registry.digest = fmt.Sprintf("sha256:%x", sha256.Sum256(data))
	sortFindings(r.findings)
	registry.findings = r.findings
	registry.index()
	return registry, nil
}

// told returns the problems as one error, those beyond maxProblems as a number.
func (r *reader) told() error {
	err := joinSorted(r.problems)
	if r.untold == 0 {
		return err
	}
	more := &PositionError{r.file, 1, 1, fmt.Sprintf("%d more problems; correct these first", r.untold)}
	return errors.Join(err, more)
}

// document returns the root of the one document that the file must hold.
func (r *reader) document(data []byte) (*yaml.Node, error) {
	if line, column, flaw := textfile.Flaw(data); flaw != "" {
		return nil, r.failed(line, column, flaw)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	switch err := decoder.Decode(&first); {
	case errors.Is(err, io.EOF):
		return nil, r.failed(1, 1, "the file is empty; write a registry with schema_version, providers and runtimes")
	case err != nil:
		return nil, r.syntaxError(data, err)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, r.failed(second.Line, second.Column, "a second YAML document starts here; keep one registry in a file")
	case !errors.Is(err, io.EOF):
		return nil, r.syntaxError(data, err)
	}
	return first.Content[0], nil
}

func (r *reader) failed(line, column int, message string) error {
	return joinSorted([]*PositionError{{r.file, max(line, 1), max(column, 1), message}})
}

var yamlErrorLine = regexp.MustCompile(`^line (\d+): `)

// syntaxError gives yaml.v3's error a position. The library names a line at
// most, so the column is that of the line's first character.
func (r *reader) syntaxError(data []byte, err error) error {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	line, column := 1, 1
	if match := yamlErrorLine.FindStringSubmatch(message); match != nil {
		message = message[len(match[0]):]
		line, _ = strconv.Atoi(match[1])
		lines := bytes.SplitN(data, []byte("\n"), line+1)
		if line >= 1 && line <= len(lines) {
			text := lines[line-1]
			column += len(text) - len(bytes.TrimLeft(text, " \t"))
		}
	}
	return r.failed(line, column, "the file is not YAML: "+message+"; correct this line or the one before it")
}

// index fills what lookups and Derive read.
func (r *Registry) index() {
	r.providers = make(map[string]*Provider, len(r.Providers))
	for _, p := range r.Providers {
		r.providers[p.Name] = p
		r.names = append(r.names, p.AuthEnv...)
	}
	slices.Sort(r.names)
	r.names = slices.Compact(r.names)

	r.runtimes = make(map[string]*Runtime, len(r.Runtimes))
	for _, runtime := range r.Runtimes {
		r.runtimes[runtime.Name] = runtime
		runtime.owners = make(map[string][]*Provider)
		for _, native := range runtime.Native {
			for _, model := range native.Models {
				runtime.owners[model] = append(runtime.owners[model], native.Provider)
			}
		}
	}
}
