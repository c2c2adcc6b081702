// Package tsdav drives tsdav, the JavaScript library under n8n, Twenty and many others, as npm delivers it.
package tsdav

import (
	"embed"
	"path/filepath"
	"testing"

	"crmbridge/e2e/npm"
	"crmbridge/e2e/plain"
	"crmbridge/e2e/script"
)

// files are what the library is installed by.
//
//go:embed check.mjs package.json package-lock.json
var files embed.FS

// Check runs check.mjs against the target. The test is skipped without node, npm or a registry.
func Check(t *testing.T, target plain.Target) {
	dir := npm.Install(t, files)
	script.Run(t, dir, script.Variables(target), npm.Node(t), filepath.Join(dir, "check.mjs"))
}
