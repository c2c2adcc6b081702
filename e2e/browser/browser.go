// Package browser uses the pages as people do, in Debian's Chromium without a screen: by clicks and by keys.
//
// A Window notes what the console says: a page that complains there is a fault (Window.Quiet, at the end of each test). Pictures that are taken
// go to the folder that BRIDGE_PICTURES names, for people to look at; without it nothing is written.
package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"crmbridge/internal/testenv"
)

// Size of a window, in CSS pixels.
type Size struct {
	Name          string
	Width, Height int64
	Phone         bool
}

// Sizes that pages are made for.
var (
	Desktop = Size{"desktop", 1280, 900, false}
	Phone   = Size{"phone", 390, 844, true}
)

// Window is a browser with nothing kept from others.
type Window struct {
	tb   testing.TB
	ctx  context.Context
	size Size

	mu    sync.Mutex
	noise []string
}

// patience is how long something may take to be there.
const patience = 45 * time.Second

// Open starts a browser that asks for a language; the test is skipped without one.
func Open(tb testing.TB, size Size, language string) *Window {
	tb.Helper()
	testenv.Need(tb, "chromium")
	path, err := testenv.Program("chromium")
	if err != nil {
		tb.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.Flag("no-sandbox", os.Getuid() == 0), // root has none
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("lang", language), chromedp.Flag("accept-lang", language), chromedp.UserDataDir(tb.TempDir()),
		chromedp.WindowSize(int(size.Width), int(size.Height)))
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(alloc)
	w := &Window{tb: tb, ctx: ctx, size: size}
	console := chromedp.Console(ctx)
	done := make(chan struct{})
	go func() { // owner: the test; ends with ctx
		defer close(done)
		for m, err := range console {
			if err != nil {
				return
			}
			w.heard(m)
		}
	}()
	tb.Cleanup(func() { cancel(); <-done; cancelAlloc() })
	var how []chromedp.EmulateViewportOption
	if size.Phone {
		how = append(how, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
	w.do(chromedp.EmulateViewport(size.Width, size.Height, how...))
	return w
}

// heard notes complaints.
func (w *Window) heard(m chromedp.ConsoleMessage) {
	switch m.Type {
	case "error", "warning", chromedp.ConsoleException, "assert":
	default:
		return
	}
	// An answer that refuses something, with a page that says why, is no fault of the page.
	if strings.Contains(m.Text, "Failed to load resource") && strings.Contains(m.Text, "status of 4") {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noise = append(w.noise, fmt.Sprintf("%s: %s %s", m.Type, m.Text, m.URL))
}

// Quiet fails the test if a page has complained.
func (w *Window) Quiet() {
	w.tb.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, text := range w.noise {
		w.tb.Errorf("the console: %s", text)
	}
}

func (w *Window) do(steps ...chromedp.Action[chromedp.Void]) {
	w.tb.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		w.tb.Fatalf("browser: %v\n%s", err, w.where())
	}
}

// ask is a value that an action finds.
func ask[T any](w *Window, a chromedp.Action[T]) T {
	w.tb.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		w.tb.Fatalf("browser: %v\n%s", err, w.where())
	}
	return v
}

// where is what the window shows, for messages.
func (w *Window) where() string {
	ctx, cancel := context.WithTimeout(w.ctx, time.Second)
	defer cancel()
	at, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText.slice(-1500)`))
	return at + "\n" + text
}

// Go opens an address.
func (w *Window) Go(address string) { w.tb.Helper(); w.do(chromedp.Navigate(address)) }

// Type puts text into the field of a form with that name, in place of what is there.
func (w *Window) Type(name, text string) {
	w.tb.Helper()
	sel := fmt.Sprintf(`[name=%q]:not([hidden]):not([type=hidden])`, name)
	w.do(chromedp.WaitVisible(chromedp.CSS(sel)))
	Eval[string](w, fmt.Sprintf(`document.querySelector(%q).value = ""`, sel))
	w.do(chromedp.SendKeys(chromedp.CSS(sel), text))
}

// Click clicks on the first button, link or label that shows exactly that text, or has it for a label.
func (w *Window) Click(text string) {
	w.tb.Helper()
	q := quoted(text)
	w.do(chromedp.Click(chromedp.Search(fmt.Sprintf(`//*[self::button or self::a or self::summary or self::label][normalize-space(.)=%s or @aria-label=%s]`, q, q)), chromedp.NodeVisible))
}

// Press presses keys one after another, where the cursor is.
func (w *Window) Press(keys ...string) {
	w.tb.Helper()
	for _, k := range keys {
		w.do(chromedp.KeyEvent(k))
	}
}

// Reach presses Tab until what has that text, or is labelled so, has the focus.
func (w *Window) Reach(text string) {
	w.tb.Helper()
	for range 100 {
		w.Press(Tab)
		if Eval[bool](w, fmt.Sprintf(`(() => { const e = document.activeElement; const label = e.closest("label"); return [e.innerText, e.getAttribute("aria-label"), e.value, label && label.innerText].some(x => (x || "").trim() == %q) })()`, text)) {
			return
		}
	}
	w.tb.Fatalf("browser: no key leads to %q\n%s", text, w.where())
}

// Keys that Press takes.
const (
	Tab   = kb.Tab
	Enter = kb.Enter
	Space = " "
)

// See waits until the page shows a text, whatever page that is by then.
func (w *Window) See(text string) {
	w.tb.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	for {
		// An error is of a page that is just going.
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](fmt.Sprintf(`document.readyState != "loading" && document.body.innerText.includes(%q)`, text)))
		if ok && err == nil {
			return
		}
		select {
		case <-ctx.Done():
			w.tb.Fatalf("browser: the page does not show %q\n%s", text, w.where())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Shows reports whether the page shows a text now.
func (w *Window) Shows(text string) bool {
	w.tb.Helper()
	return ask(w, chromedp.Evaluate[bool](fmt.Sprintf(`document.body.innerText.includes(%q)`, text)))
}

// Text is what the first element that a selector finds shows.
func (w *Window) Text(selector string) string {
	w.tb.Helper()
	return strings.TrimSpace(ask(w, chromedp.Text(chromedp.CSS(selector), chromedp.NodeVisible)))
}

// Eval is the value of a script in the page.
func Eval[T any](w *Window, script string) T {
	w.tb.Helper()
	return ask(w, chromedp.Evaluate[T](script))
}

// Picture writes what the window shows, all of it.
func (w *Window) Picture(name string) {
	w.tb.Helper()
	dir := os.Getenv("BRIDGE_PICTURES")
	if dir == "" {
		return
	}
	png := ask(w, chromedp.FullScreenshot(100))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		w.tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+"-"+w.size.Name+".png"), png, 0o644); err != nil {
		w.tb.Fatal(err)
	}
}

// Fits fails the test where the page is wider than the window, so that a person would have to push it about.
func (w *Window) Fits() {
	w.tb.Helper()
	if wide := Eval[int64](w, `document.documentElement.scrollWidth`); wide > w.size.Width {
		w.tb.Errorf("the page is %d wide, the window %d\n%s", wide, w.size.Width, w.where())
	}
}

// quoted is a string of XPath 1.0, which has no escapes.
func quoted(s string) string {
	if !strings.Contains(s, `"`) {
		return `"` + s + `"`
	}
	return `concat("` + strings.ReplaceAll(s, `"`, `", '"', "`) + `")`
}

// Await is the value that a promise of a script in the page comes to.
func Await[T any](w *Window, script string) T {
	w.tb.Helper()
	return ask(w, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
}
