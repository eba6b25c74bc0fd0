//go:build unix

package process_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

// modeVar makes the test binary play a command under test.
const modeVar = "PROCESS_TEST_MODE"

// gateVar is the address of a listener of the test; see untilReleased.
const gateVar = "PROCESS_TEST_GATE"

// modes are the commands that the tests start.
var modes = map[string]func(){
	"serve": serve,
	"late":  func() { fmt.Println("starting"); untilReleased(); serve() },
	"dies":  func() { fmt.Println("cannot reach the database"); os.Exit(3) },
	"ends":  func() { os.Exit(0) },
	"bind-late": func() {
		fmt.Println("port=" + os.Getenv("PORT"))
		untilReleased()
		if _, err := net.Listen("tcp", listenAddr()); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	},
	"elsewhere":    func() { fmt.Println("up"); serveOn("127.0.0.1:0") },
	"ignores-term": func() { signal.Ignore(syscall.SIGTERM); serve() },
	"env": func() {
		fmt.Println(strings.Join(os.Args[1:], " "))
		for _, name := range []string{"PORT", "BIND_ADDR", "ADDED", "TWICE", "INHERITED", "DROPPED"} {
			v, ok := os.LookupEnv(name)
			fmt.Printf("%s=%q,%t\n", name, v, ok)
		}
		dir, _ := os.Getwd()
		fmt.Println("dir=" + dir)
		serve()
	},
	"floods": func() {
		line := []byte(strings.Repeat("x", 127) + "\n")
		for range floodBytes / len(line) {
			os.Stdout.Write(line)
		}
		fmt.Fprintln(os.Stderr, "flooded")
		serve()
	},
	"unended": func() { fmt.Print("first\nno newline"); os.Exit(1) },
	"talks": func() {
		for i := range 30 {
			fmt.Println("line", i)
		}
		fmt.Println("\x1b[31mred\x1b[0m \a\xff " + strings.Repeat("y", 2000))
		os.Exit(1)
	},
	// A wrapper that starts a server and waits for it, as npx and go run do.
	"forks": func() { child("stubborn", false).Wait() },
	// A wrapper that starts a server and leaves it to itself.
	"abandons": func() { child("stubborn", false); untilReleased() },
	"stubborn": func() { signal.Ignore(syscall.SIGTERM); serve() },
	// A wrapper whose server leaves the process group, as docker run's does.
	"escapes": func() { child("serve", true); serveOn("127.0.0.1:0") },
}

// floodBytes is far more than a pipe holds.
const floodBytes = 4 << 20

func TestMain(m *testing.M) {
	if mode := os.Getenv(modeVar); mode != "" {
		modes[mode]()
		return
	}
	os.Exit(m.Run())
}

func listenAddr() string { return os.Getenv("BIND_ADDR") + ":" + os.Getenv("PORT") }

func serve() { serveOn(listenAddr()) }

// serveOn answers /health, and /die by dying.
func serveOn(addr string) {
	http.HandleFunc("/health", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/die", func(http.ResponseWriter, *http.Request) {
		fmt.Fprintln(os.Stderr, "panic: out of luck")
		os.Exit(4)
	})
	fmt.Println(http.ListenAndServe(addr, nil))
	os.Exit(1)
}

// child starts the test binary in another mode, and prints its pid as "child=N".
func child(mode string, escape bool) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), modeVar+"="+mode)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: escape}
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Printf("child=%d\n", cmd.Process.Pid)
	return cmd
}

// untilReleased waits until the test closes the connection.
func untilReleased() {
	c, err := net.Dial("tcp", os.Getenv(gateVar))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	io.Copy(io.Discard, c)
}
