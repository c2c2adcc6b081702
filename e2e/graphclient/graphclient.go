// Package graphclient drives Microsoft's own client of Microsoft Graph, as npm delivers it.
package graphclient

import (
	"embed"
	"path/filepath"
	"testing"

	"crmbridge/e2e/npm"
	"crmbridge/e2e/script"
)

// files are what the library is installed by.
//
//go:embed check.mjs package.json package-lock.json
var files embed.FS

// Target is a service to drive.
type Target struct {
	URL          string // of login and API, https: the client follows no links that are not
	Authority    string // file with the certificate that the service is trusted by
	Tenant       string
	Client       string
	Secret       string
	User         string // whose mailbox is worked on, and empty at the begin
	ControlToken string // of the simulator
}

// Check runs check.mjs against the target. The test is skipped without node, npm or a registry.
func Check(t *testing.T, target Target) {
	dir := npm.Install(t, files)
	variables := []string{"BASE_URL=" + target.URL, "NODE_EXTRA_CA_CERTS=" + target.Authority, "TENANT=" + target.Tenant, "CLIENT_ID=" + target.Client,
		"CLIENT_SECRET=" + target.Secret, "USER_NAME=" + target.User, "CONTROL_TOKEN=" + target.ControlToken}
	script.Run(t, dir, variables, npm.Node(t), filepath.Join(dir, "check.mjs"))
}
