package open

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/suite/server"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

const (
	// mostInstances bounds --instances: more servers than that measure the machine.
	mostInstances = 16
	// ownInstances is how many copies of our own gates there are where nobody says.
	ownInstances = 2
)

// instances is how many copies of the target are opened.
func (o *Options) instances() (int, error) {
	switch {
	case o.Instances < 0 || o.Instances > mostInstances:
		return 0, fmt.Errorf("--instances %d: give a number from 1 to %d", o.Instances, mostInstances)
	case o.Instances > 1 && len(o.Command) == 0 && strings.Contains(o.Target, "://"):
		return 0, errors.New("--instances starts copies of a command, and --target is a server that somebody else has started; give the command behind --, or leave --instances out")
	case o.Instances == 0 && !o.Check && len(o.Command) == 0 && !strings.Contains(o.Target, "://"):
		return ownInstances, nil
	}
	return max(1, o.Instances), misspelled(o.Command)
}

// nearlyInstance finds what is meant to be {instance}.
var nearlyInstance = regexp.MustCompile(`(?i)\{inst[a-z_-]*\}`)

// misspelled says which argument has a placeholder that is nearly {instance}.
func misspelled(args []string) error {
	for _, a := range args {
		for _, found := range nearlyInstance.FindAllString(a, -1) {
			if found != InstancePlaceholder {
				return fmt.Errorf("the command's argument %q has %s, which nothing fills in; write %s for the number of the copy", a, found, InstancePlaceholder)
			}
		}
	}
	return nil
}

// InstancePlaceholder in the arguments of COMMAND becomes the number of the copy, from 1.
const InstancePlaceholder = "{instance}"

// openCopies opens further copies of a target that is open, all at once.
func (t *Opened) openCopies(ctx context.Context, profile *server.Profile, reg *registry.Registry, o Options, instances int) error {
	if instances > 1 && len(o.Command) > 0 {
		if addresses, err := loopbackAddresses(reg); err == nil && len(addresses) > 0 {
			return fmt.Errorf("provider %s of the registry is at %s, on this machine, where one fake can listen and not one for each copy; pass the registry to the command as %s, or leave --instances out", addresses[0].provider, addresses[0].host, RegistryPlaceholder)
		}
	}
	errs := make([]error, instances)
	var wg sync.WaitGroup
	for n := 2; n <= instances; n++ {
		c := newOpened(t.Providers.Copy(), profile, o, n)
		c.Budget, c.Claims = t.Budget, t.Claims
		t.copies = append(t.copies, c)
		wg.Go(func() {
			if err := c.open(ctx, profile, reg, o); err != nil {
				errs[n-1] = fmt.Errorf("copy %d of %d: %w", n, instances, err)
			}
		})
	}
	wg.Wait()
	t.stop = append(t.stop, t.closeCopies)
	if err := errors.Join(errs...); err != nil || len(o.Command) == 0 {
		return err
	}
	return t.apart(ctx)
}

// closeCopies stops the further copies, all at once: each may take its grace.
func (t *Opened) closeCopies() {
	var wg sync.WaitGroup
	for _, c := range t.copies {
		wg.Go(c.Close)
	}
	wg.Wait()
}

// apart makes sure that the copies have a state each: a global secret that is set at
// one of them must not be there at another, or each would be judged by the scenarios
// of all.
func (t *Opened) apart(ctx context.Context) error {
	if len(t.copies) == 0 || !t.Traits().SharedGlobals || !slices.Contains(t.Claims, "global-scope") {
		return nil
	}
	const advice = "give each copy a state of its own by " + InstancePlaceholder + " in its arguments, such as --data /tmp/data-" + InstancePlaceholder + ", or leave --instances out"
	const name = "BYOK_CONFORMANCE_COPIES"
	if err := t.SetGlobals(ctx, map[string]gate.Secret{name: {Value: "no-key"}}); err != nil {
		return fmt.Errorf("looking whether the copies have a state each: %w", err)
	}
	var shared error
	for _, c := range t.copies {
		l, ok := c.Target.(target.GlobalsLister)
		if !ok {
			shared = errors.New("whether the copies have a state each cannot be seen: the target cannot list its global secrets; leave --instances out")
			break
		}
		names, err := l.Globals(ctx)
		if err != nil {
			shared = fmt.Errorf("whether the copies have a state each cannot be seen; name secrets.global.list in the profile, or leave --instances out: %w", err)
			break
		}
		if slices.Contains(names, name) {
			shared = fmt.Errorf("copies 1 and %d have one state: a global secret that was set at one is there at the other; %s", c.instance, advice)
			break
		}
	}
	return errors.Join(shared, t.SetGlobals(ctx, nil))
}
