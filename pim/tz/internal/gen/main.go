// Command gen writes data/zones.txt and data/windows.txt from the JSON edition of Unicode CLDR and the
// names in Go's zone archive:
//
//	npm pack cldr-core cldr-bcp47   # unpack both, then
//	go run ./internal/gen -windows windowsZones.json -bcp47 timezone.json
package main

import (
	"archive/zip"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	windows := flag.String("windows", "", "supplemental/windowsZones.json of cldr-core")
	bcp47 := flag.String("bcp47", "", "bcp47/timezone.json of cldr-bcp47")
	flag.Parse()
	if err := run(*windows, *bcp47); err != nil {
		log.Fatal(err)
	}
}

func run(windows, bcp47 string) error {
	known, err := archiveNames()
	if err != nil {
		return err
	}
	canonical, err := writeZones(bcp47, known)
	if err != nil {
		return err
	}
	return writeWindows(windows, canonical)
}

func archiveNames() ([]string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	r, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var names []string
	for _, f := range r.File {
		if !strings.HasSuffix(f.Name, "/") && f.Name != "Factory" {
			names = append(names, f.Name)
		}
	}
	return names, nil
}

// writeZones writes one line per zone, the name in use first, and returns name -> name in use.
func writeZones(path string, known []string) (map[string]string, error) {
	var doc struct {
		Keyword struct {
			U struct {
				TZ map[string]json.RawMessage `json:"tz"`
			} `json:"u"`
		} `json:"keyword"`
	}
	if err := decode(path, &doc); err != nil {
		return nil, err
	}
	canonical := map[string]string{}
	var lines []string
	for key, raw := range doc.Keyword.U.TZ {
		if strings.HasPrefix(key, "_") {
			continue
		}
		var z struct {
			Alias string `json:"_alias"`
			IANA  string `json:"_iana"`
		}
		if err := json.Unmarshal(raw, &z); err != nil {
			return nil, err
		}
		all := strings.Fields(z.Alias)
		if len(all) == 0 || all[0] == "Etc/Unknown" {
			continue
		}
		name := all[0]
		if z.IANA != "" {
			name = z.IANA
		}
		if name == "Etc/UTC" {
			name = "UTC" // the spelling every program knows
		}
		if !slices.Contains(known, name) {
			continue
		}
		for _, a := range all {
			canonical[a] = name
		}
		rest := slices.DeleteFunc(slices.Clone(all), func(a string) bool { return a == name })
		slices.Sort(rest)
		lines = append(lines, strings.TrimSuffix(name+"\t"+strings.Join(rest, " "), "\t"))
	}
	for _, n := range known {
		if canonical[n] == "" {
			canonical[n] = n
			lines = append(lines, n)
		}
	}
	slices.Sort(lines)
	return canonical, os.WriteFile("data/zones.txt", []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}

// writeWindows writes Windows name, territory (001 for the default) and zones, as CLDR orders them.
func writeWindows(path string, canonical map[string]string) error {
	var doc struct {
		Supplemental struct {
			WindowsZones struct {
				MapTimezones []struct {
					MapZone struct {
						Other     string `json:"_other"`
						Type      string `json:"_type"`
						Territory string `json:"_territory"`
					} `json:"mapZone"`
				} `json:"mapTimezones"`
			} `json:"windowsZones"`
		} `json:"supplemental"`
	}
	if err := decode(path, &doc); err != nil {
		return err
	}
	var b strings.Builder
	for _, m := range doc.Supplemental.WindowsZones.MapTimezones {
		var zones []string
		for _, z := range strings.Fields(m.MapZone.Type) {
			name, ok := canonical[z]
			if !ok {
				return fmt.Errorf("zone %s of %s is not in the archive", z, m.MapZone.Other)
			}
			if !slices.Contains(zones, name) {
				zones = append(zones, name)
			}
		}
		fmt.Fprintf(&b, "%s\t%s\t%s\n", m.MapZone.Other, m.MapZone.Territory, strings.Join(zones, " "))
	}
	return os.WriteFile("data/windows.txt", []byte(b.String()), 0o644)
}

func decode(path string, v any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}
