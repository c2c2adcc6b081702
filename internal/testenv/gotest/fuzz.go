package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// "go test -fuzz" takes one target at a time and links its program anew for each, and at the end of -fuzztime it now and
// then calls the end of the time a failure (its coordinator can see the deadline before its own context does). So the
// programs are built once for each package here, run two at a time with one worker each, and interrupted as from a
// terminal, which has no such fault.

// target is one fuzz function.
type target struct {
	dir, pkg, name string // dir as "./dav", pkg as "crmbridge/dav"
}

const (
	fuzzJobs = 2
	// fuzzStart and fuzzEnd bound what the machine may be busy with other things: gathering the coverage of known
	// inputs, and coming to an end.
	fuzzStart, fuzzEnd = 5 * time.Minute, time.Minute
)

var fuzzName = regexp.MustCompile(`^Fuzz([A-Z0-9_]|$)`)

// findTargets reads the source, because "go test -list" would build every test program. Sorted by folder and name.
func findTargets(folders []string) ([]target, error) {
	var found []target
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (d.Name() == "testdata" || len(d.Name()) > 1 && d.Name()[0] == '.' && d.Name() != ".."):
				return filepath.SkipDir
			case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
				return nil
			}
			// What does not parse does not build either, and is told of then.
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if file == nil {
				return err
			}
			for _, decl := range file.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && fuzzName.MatchString(f.Name.Name) {
					found = append(found, target{dir: "./" + filepath.ToSlash(filepath.Dir(path)), name: f.Name.Name})
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(found, func(a, b target) int { return strings.Compare(a.dir+" "+a.name, b.dir+" "+b.name) })
	return slices.Compact(found), nil
}

// turn is which packages have their targets run: every of-th, from the which-th on. Zero is all.
type turn struct{ which, of int }

// parseTurn reads "2/3"; "" is all.
func parseTurn(text string) (t turn, err error) {
	if text == "" {
		return turn{}, nil
	}
	if _, err := fmt.Sscanf(text, "%d/%d", &t.which, &t.of); err != nil || t.which < 0 || t.of < 1 {
		return turn{}, fmt.Errorf("%q is no turn such as 2/3", text)
	}
	t.which %= t.of
	return t, nil
}

// among are the targets whose packages have their turn.
func (t turn) among(targets []target) (has []target) {
	if t.of == 0 {
		return targets
	}
	var dirs []string
	for _, x := range targets {
		dirs = append(dirs, x.dir)
	}
	dirs = slices.Compact(dirs)
	for _, x := range targets {
		if slices.Index(dirs, x.dir)%t.of == t.which {
			has = append(has, x)
		}
	}
	return has
}

// fuzzer runs targets and gathers how they ended.
type fuzzer struct {
	each           time.Duration
	scratch, cache string // the folder of the programs, and that of the interesting inputs of earlier runs

	mu sync.Mutex
	r  *report
}

// fuzz runs every target below folders that has its turn for the time each, and returns the exit status of it all.
func fuzz(r *report, folders []string, each time.Duration, its turn) (int, error) {
	all, err := findTargets(folders)
	if err != nil {
		return 1, err
	}
	targets := its.among(all)
	fmt.Fprintf(r.out, "fuzz: %d of %d targets, %v each\n", len(targets), len(all), each)
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		return 1, fmt.Errorf("go env: %w", err)
	}
	scratch, err := os.MkdirTemp("", "fuzz-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(scratch)
	f := &fuzzer{each: each, scratch: scratch, cache: filepath.Join(strings.TrimSpace(string(cache)), "fuzz"), r: r}

	var dirs []string
	for _, t := range targets {
		dirs = append(dirs, t.dir)
	}
	built := f.build(slices.Compact(dirs))
	var jobs []func()
	for _, t := range targets {
		t.pkg = built[t.dir]
		jobs = append(jobs, func() { f.run(t) })
	}
	atATime(fuzzJobs, jobs)
	if _, failed, _ := r.count(); failed > 0 {
		return 1, nil
	}
	return 0, nil
}

func atATime(n int, jobs []func()) {
	next := make(chan func())
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for job := range next {
				job()
			}
		})
	}
	for _, job := range jobs {
		next <- job
	}
	close(next)
	wg.Wait()
}

// build makes the test program of each folder and returns the packages' names; "" is one that does not build.
func (f *fuzzer) build(dirs []string) map[string]string {
	packages := map[string]string{}
	var jobs []func()
	for _, dir := range dirs {
		jobs = append(jobs, func() {
			name, err := exec.Command("go", "list", dir).Output()
			var out []byte
			if err == nil {
				out, err = exec.Command("go", "test", "-c", "-vet=off", "-fuzz=.", "-o", f.program(dir), dir).CombinedOutput()
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			if err != nil {
				fmt.Fprintf(f.r.out, "fuzz: %s does not build: %v\n%s", dir, err, out)
				return
			}
			packages[dir] = strings.TrimSpace(string(name))
		})
	}
	atATime(fuzzJobs, jobs)
	return packages
}

func (f *fuzzer) program(dir string) string {
	return filepath.Join(f.scratch, strings.NewReplacer("/", "_", ".", "_").Replace(dir)+".test")
}

func (f *fuzzer) run(t target) {
	status, began := "pass", time.Now()
	said, err := "", errors.New("does not build")
	if t.pkg != "" {
		said, err = f.attempt(t)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		status = "fail"
		fmt.Fprintf(f.r.out, "--- FAIL: %s %s: %v\n%s", t.dir, t.name, err, said)
	} else {
		fmt.Fprintf(f.r.out, "ok  \t%s\t%s\t%.1fs, %s executions\n", t.pkg, t.name, time.Since(began).Seconds(), executions(said))
	}
	f.r.results = append(f.r.results, result{Package: t.pkg, Test: t.name, Status: status})
}

// attempt lets a target run for its time, counted from when new inputs are tried, and returns what it said.
func (f *fuzzer) attempt(t target) (string, error) {
	cmd := exec.Command(f.program(t.dir), "-test.run=^$", "-test.fuzz=^"+t.name+"$", "-test.parallel=1",
		"-test.fuzztime="+(f.each+fuzzStart).String(), // for when nobody is left to interrupt it
		"-test.fuzzcachedir="+filepath.Join(f.cache, filepath.FromSlash(t.pkg)))
	cmd.Dir = t.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 5 * time.Second
	in, out := io.Pipe()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return "", err
	}
	fuzzing, read := make(chan struct{}), make(chan string)
	go func() { read <- listen(in, fuzzing) }()
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		out.Close()
		ended <- err
	}()
	err := f.watch(cmd.Process, fuzzing, ended)
	return <-read, err
}

// trying says that new inputs are tried; without seeds there is no coverage to gather before.
var trying = regexp.MustCompile(`now fuzzing with|execs: `)

// listen returns all that is said, and closes fuzzing when new inputs are tried.
func listen(in io.Reader, fuzzing chan struct{}) string {
	var said bytes.Buffer
	lines, begun := bufio.NewReader(in), false
	for {
		line, err := lines.ReadBytes('\n')
		said.Write(line)
		if !begun && trying.Match(line) {
			begun = true
			close(fuzzing)
		}
		if err != nil {
			return said.String()
		}
	}
}

// watch interrupts the program after its time, and kills its process group when it neither begins nor ends.
func (f *fuzzer) watch(p *os.Process, fuzzing chan struct{}, ended chan error) error {
	phase := func(limit time.Duration, begun chan struct{}) (over bool, err error) {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		select {
		case err := <-ended:
			return true, err
		case <-begun:
		case <-timer.C:
		}
		return false, nil
	}
	if over, err := phase(fuzzStart, fuzzing); over && err == nil {
		return errors.New("ended without trying new inputs")
	} else if over {
		return err
	}
	select {
	case <-fuzzing:
	default:
		_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
		<-ended
		return fmt.Errorf("tried no new input in %v", fuzzStart)
	}
	if over, err := phase(f.each, nil); over {
		return err
	}
	_ = p.Signal(os.Interrupt) // it may have ended by now
	if over, err := phase(fuzzEnd, nil); over {
		return err
	}
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	<-ended
	return fmt.Errorf("did not end in %v", fuzzEnd)
}

var countOfExecutions = regexp.MustCompile(`execs: (\d+)`)

func executions(said string) string {
	all := countOfExecutions.FindAllStringSubmatch(said, -1)
	if len(all) == 0 {
		return "no"
	}
	return all[len(all)-1][1]
}
