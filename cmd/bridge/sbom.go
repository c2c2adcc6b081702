package main

import (
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
)

// The list of what a program is built of, as CycloneDX 1.6 has it: the few members that tools compare with lists of
// vulnerabilities and licences. It names nothing of the machine and no time, so that the same program has the same list.
type sbom struct {
	Format     string         `json:"bomFormat"`
	Spec       string         `json:"specVersion"`
	Version    int            `json:"version"`
	Metadata   sbomMetadata   `json:"metadata"`
	Components []sbomModule   `json:"components"`
	Depends    []sbomRelation `json:"dependencies"`
}

type sbomMetadata struct {
	Component sbomModule `json:"component"`
}

type sbomModule struct {
	Type       string         `json:"type"` // application or library
	Ref        string         `json:"bom-ref"`
	Name       string         `json:"name"`
	Version    string         `json:"version"`
	PURL       string         `json:"purl"`
	Properties []sbomProperty `json:"properties,omitempty"`
}

type sbomProperty struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type sbomRelation struct {
	Ref string   `json:"ref"`
	On  []string `json:"dependsOn"`
}

// sbomOf lists the modules that info names and the standard library. version is that of the program.
func sbomOf(info *debug.BuildInfo, version string) sbom {
	app := module("application", info.Main.Path, version, "")
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			app.Properties = append(app.Properties, sbomProperty{"vcs.revision", s.Value})
		}
	}
	out := sbom{Format: "CycloneDX", Spec: "1.6", Version: 1, Metadata: sbomMetadata{app},
		Components: []sbomModule{module("library", "std", strings.TrimPrefix(info.GoVersion, "go"), "")}}
	for _, d := range info.Deps {
		if d.Replace != nil {
			d = d.Replace
		}
		out.Components = append(out.Components, module("library", d.Path, d.Version, d.Sum))
	}
	slices.SortFunc(out.Components, func(a, b sbomModule) int { return strings.Compare(a.Ref, b.Ref) })
	on := make([]string, len(out.Components))
	for i, c := range out.Components {
		on[i] = c.Ref
	}
	out.Depends = []sbomRelation{{app.Ref, on}}
	return out
}

// module names a module as package URLs do (purl-spec, type golang). sum is that of go.sum.
func module(kind, path, version, sum string) sbomModule {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	purl := "pkg:golang/" + strings.Join(parts, "/")
	if version != "" {
		purl += "@" + strings.ReplaceAll(url.PathEscape(version), "+", "%2B")
	}
	m := sbomModule{Type: kind, Ref: purl, Name: path, Version: version, PURL: purl}
	if sum != "" {
		m.Properties = []sbomProperty{{"go.sum", sum}}
	}
	return m
}
