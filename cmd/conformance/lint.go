package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/internal/textfile"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/proof"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/server"
	"github.com/molecule-ai/byok-conformance/suite/waivers"
)

func newLintCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:     "lint [FILE…]",
		Short:   "Check scenarios, rules, waivers, profiles and registries",
		Example: "  conformance lint\n  conformance lint scenarios/*.yaml suite/server/profiles/workspace-server.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			corpus, err := f.scenarios()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				list, err := corpus.Expand(registry.Embedded())
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%d scenarios and %d rules, nothing wrong\n", len(list), len(corpus.Rules.List))
				return nil
			}
			var errs []error
			for _, file := range args {
				if err := lintFile(file, corpus.Rules); err != nil {
					errs = append(errs, err)
					continue
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: nothing wrong\n", file)
			}
			if err := errors.Join(errs...); err != nil {
				return fmt.Errorf("something is wrong:\n%w", err)
			}
			return nil
		},
	}
	f.registerOwn(cmd)
	return cmd
}

// lintFile reads a file as what its top-level keys say it is.
func lintFile(file string, rules *scenarios.Rules) error {
	data, err := textfile.Read(file)
	if err != nil {
		return err
	}
	r := &strict.Reader{File: file}
	top := r.Root(data)
	if err := r.Err(); err != nil {
		return err
	}
	switch {
	case has(top, "scenarios") || has(top, "class"):
		c, err := scenarios.LoadFile(file, data, rules)
		if err != nil {
			return err
		}
		_, err = c.ExpandAlone(registry.Embedded())
		return err
	case has(top, "waivers"):
		_, err = waivers.Parse(file, data, rules)
	case has(top, "rules"):
		_, err = scenarios.LoadRules(file, data)
	case has(top, "create") || has(top, "claims"):
		_, err = server.ParseProfile(file, data)
	case has(top, "providers") || has(top, "runtimes"):
		_, err = registry.Load(file, data)
	default:
		return fmt.Errorf("%s:%d:%d: neither scenarios, nor rules, nor a profile, nor waivers, nor a registry: its top-level keys are unknown", file, top.Line, top.Column)
	}
	return err
}

// has reports whether a file has a top-level key.
func has(top *yaml.Node, key string) bool {
	for i := 0; top.Kind == yaml.MappingNode && i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value == key {
			return true
		}
	}
	return false
}

// schemas are the published formats by name.
var schemas = map[string]func() []byte{
	"scenario": scenarios.Schema,
	"profile":  server.Schema,
	"report":   reports.Schema,
	"proof":    proof.Schema,
	"waivers":  waivers.Schema,
}

func newSchemaCommand() *cobra.Command {
	names := strict.SortedKeys(schemas)
	known := strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
	return &cobra.Command{
		Use:     "schema NAME",
		Short:   "Print a JSON Schema: " + known,
		Example: "  conformance schema scenario > scenario.schema.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("schema takes one name: " + known)
			}
			schema, ok := schemas[args[0]]
			if !ok {
				return fmt.Errorf("there is no schema %q%s; it is %s", args[0], strict.DidYouMean(args[0], names), known)
			}
			_, err := cmd.OutOrStdout().Write(schema())
			return err
		},
	}
}

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of the tool, the corpus and the registry",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			corpus, err := scenarios.Embedded()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "conformance %s\ncorpus      %s %s\nregistry    %s\n", version(), scenarios.Version(), corpus.Digest(), registry.Embedded().Digest())
			return err
		},
	}
}
