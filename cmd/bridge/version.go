package main

import (
	"errors"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker for releases: -X main.version=1.2.3.
var version = "dev"

// built says which program this is.
type built struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	Commit  string `json:"commit,omitempty"`
}

func thisBuild() built {
	v := built{Version: version}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.Go = info.GoVersion
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Commit = s.Value
			}
		}
	}
	return v
}

func (p *program) versionCommand() *cobra.Command {
	var modules bool
	c := &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if modules {
				info, ok := debug.ReadBuildInfo()
				if !ok {
					return errors.New("this program was built without a list of its modules")
				}
				return p.printJSON(sbomOf(info, version))
			}
			v := thisBuild()
			if p.json {
				return p.printJSON(v)
			}
			return p.say("bridge %s (%s)", v.Version, v.Go)
		},
	}
	c.Flags().BoolVar(&modules, "sbom", false, "list all that the program is built of instead (CycloneDX, JSON)")
	return c
}
