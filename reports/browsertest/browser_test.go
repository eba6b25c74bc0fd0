package browsertest

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var shots = flag.String("shots", "", "leave pictures of the page in this folder")

// An act is something done in the browser that gives nothing back.
type act = chromedp.Action[chromedp.Void]

// A browser is one page in a Chromium of its own.
type browser struct {
	t   testing.TB
	ctx context.Context

	mu sync.Mutex
	// requests are the URLs that the page asked for; complaints are what its
	// script threw or its console reported.
	requests, complaints []string
	// dialogs counts alerts; a page of ours has none.
	dialogs int
}

// openPage starts Chromium, with a profile of its own that is gone afterwards,
// and opens a file in it.
func openPage(t testing.TB, file, hash string, acts ...act) *browser {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath("chromium"), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1400, 1000),
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	// The browser has to be gone before the folder of its profile is removed.
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		cancel()
	})
	b := &browser{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatalf("starting Chromium: %v; the test needs Debian's chromium, or another program of that name in PATH", err)
	}
	b.run(acts...)
	b.run(chromedp.Navigate("file://" + file + hash))
	b.waits(`document.documentElement.dataset.ready === "yes"`)
	return b
}

func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, "console."+string(e.Type))
	case *page.EventJavascriptDialogOpening:
		b.dialogs++
	}
}

func (b *browser) run(acts ...act) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, acts...); err != nil {
		b.t.Fatalf("driving Chromium: %v", err)
	}
}

// get runs an action that gives something back.
func get[T any](b *browser, a chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	if err != nil {
		b.t.Fatalf("driving Chromium: %v", err)
	}
	return v
}

// value evaluates an expression in the page.
func value[T any](b *browser, expression string) T {
	b.t.Helper()
	return get(b, chromedp.Evaluate[T](expression))
}

// script runs statements in the page.
func script(text string) act { return chromedp.Evaluate[chromedp.Void](text) }

// waits waits until an expression is true.
func (b *browser) waits(expression string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression)); err != nil {
		b.t.Fatalf("waiting for %s: %v", expression, err)
	}
}

// click clicks what a CSS selector finds.
func click(selector string) act { return chromedp.Click(chromedp.CSS(selector)) }

// text is what a person reads in an element.
func (b *browser) text(selector string) string {
	b.t.Helper()
	return value[string](b, `document.querySelector(`+"`"+selector+"`"+`).innerText`)
}

// holds fails where an expression, which says what must be so, is false.
func (b *browser) holds(expression string) {
	b.t.Helper()
	if !value[bool](b, expression) {
		b.t.Errorf("not so: %s", expression)
	}
}

// choose sets a filter as a person does.
func (b *browser) choose(id, choice string) {
	b.t.Helper()
	b.run(script(`{const e=document.getElementById("` + id + `"); e.value="` + choice + `"; e.dispatchEvent(new Event("input",{bubbles:true}))}`))
}

// shot leaves a picture where pictures are asked for.
func (b *browser) shot(name string) {
	b.t.Helper()
	if *shots == "" {
		return
	}
	picture := get(b, chromedp.CaptureScreenshot())
	if err := os.WriteFile(filepath.Join(*shots, name+".png"), picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// phone makes the window that of a phone, in CSS pixels.
func phone() act {
	return chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait, chromedp.EmulateScale(2))
}

// media is what the page is looked at with: screen or print, light or dark.
func media(kind, scheme string) act {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media: kind, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}
