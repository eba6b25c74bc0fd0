package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// complete checks the configuration and fills in the defaults.
func (c *Config) complete() error {
	if len(c.Args) == 0 || c.Args[0] == "" {
		return errors.New("start the command under test: no command given; put it after --, as in: -- ./server --listen {addr}")
	}
	for _, e := range c.Env {
		if i := strings.IndexByte(e, '='); i <= 0 {
			name, _, _ := strings.Cut(e, "=")
			return fmt.Errorf("start %s: environment entry %q is not NAME=value", display(c.Args), name)
		}
	}
	if c.Within < 0 || c.Grace < 0 {
		return fmt.Errorf("start %s: the time to get ready (%s) and the grace to stop (%s) cannot be negative", display(c.Args), c.Within, c.Grace)
	}
	if c.Dir != "" {
		if info, err := os.Stat(c.Dir); err != nil {
			return fmt.Errorf("start %s: working directory: %w", display(c.Args), err)
		} else if !info.IsDir() {
			return fmt.Errorf("start %s: working directory %s is not a directory", display(c.Args), c.Dir)
		}
	}
	c.Within = orElse(c.Within, defaultWithin)
	c.Grace = orElse(c.Grace, defaultGrace)
	if c.Ready == nil {
		c.Ready = func(ctx context.Context, url string) error { return dial(ctx, strings.TrimPrefix(url, "http://")) }
	}
	return nil
}

func orElse(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}

// command makes the exec.Cmd, without its output.
func command(cfg *Config, port string) *exec.Cmd {
	fill := strings.NewReplacer("{addr}", loopback+":"+port, "{host}", loopback, "{port}", port, "{instance}", strconv.Itoa(max(1, cfg.Instance)))
	args := make([]string, len(cfg.Args))
	for i, a := range cfg.Args {
		args[i] = fill.Replace(a)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = cfg.Dir
	cmd.SysProcAttr = ownGroup()
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return slices.Contains(cfg.Unset, name)
	})
	cmd.Env = append(cmd.Env, cfg.Env...)
	cmd.Env = append(cmd.Env, "PORT="+port, "BIND_ADDR="+loopback)
	return cmd
}

// namesPort reports whether an argument tells the command where to listen.
func namesPort(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool {
		return strings.Contains(a, "{addr}") || strings.Contains(a, "{port}")
	})
}

// displayed bounds a command in an error, in bytes.
const displayed = 200

// display is the command as errors name it.
func display(args []string) string {
	s := strings.Join(args, " ")
	if len(s) > displayed {
		s = strings.ToValidUTF8(s[:displayed], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}

// explainLaunch says what to do about a command that could not be started.
func explainLaunch(cmd *exec.Cmd, err error) error {
	path := cmd.Path
	if !filepath.IsAbs(path) {
		path = filepath.Join(cmd.Dir, path)
	}
	if abs, e := filepath.Abs(path); e == nil {
		path = abs
	}
	say := func(what string) error {
		return fmt.Errorf("start %s: %s: %w", display(cmd.Args), what, err)
	}
	info, statErr := os.Stat(path)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return say(fmt.Sprintf("no program %q in PATH; install it, or give its path (./%s for one in the working directory)", cmd.Args[0], cmd.Args[0]))
	case errors.Is(err, fs.ErrNotExist) && statErr == nil:
		return say(path + " exists, but the interpreter that its first line names, or its dynamic loader, does not")
	case errors.Is(err, fs.ErrNotExist):
		return say("there is no " + path + "; build it first, or correct the path")
	case errors.Is(err, fs.ErrPermission) && statErr == nil && info.IsDir():
		return say(path + " is a directory; give the program in it")
	case errors.Is(err, fs.ErrPermission):
		return say(path + " may not be executed; chmod +x it, or start it through its interpreter")
	case errors.Is(err, syscall.ENOEXEC):
		return say(path + " is not a program for this system, or a script without a #! line")
	default:
		return say("it could not be started")
	}
}
