// Package ewsjavascript drives ews-javascript-api, the port of Microsoft's own client library for Exchange Server, as npm
// delivers it.
package ewsjavascript

import (
	"embed"
	"path/filepath"
	"testing"

	"crmbridge/e2e/npm"
	"crmbridge/e2e/script"
)

//go:embed check.mjs package.json package-lock.json
var files embed.FS

// Check runs check.mjs against the service at url. The test is skipped without node, npm or a registry.
func Check(t *testing.T, url, user, password string) {
	dir := npm.Install(t, files)
	script.Run(t, dir, []string{"EWS_URL=" + url, "USER_NAME=" + user, "PASSWORD=" + password}, npm.Node(t), filepath.Join(dir, "check.mjs"))
}
