package admin

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"crmbridge/internal/accept"
)

//go:embed assets/*
var assetFiles embed.FS

// assetPrefix is where assets are: "/web/assets/HASH/name".
const assetPrefix = Prefix + "assets/"

// assets are the files that pages refer to. The address of one has a hash of its content, so that it may be kept for ever.
type assets struct {
	byName map[string]string // name to address
	byPath map[string]asset
}

type asset struct {
	kind   string
	plain  []byte
	zipped []byte // nil where it is no smaller
}

func openAssets() (*assets, error) {
	a := &assets{byName: map[string]string{}, byPath: map[string]asset{}}
	return a, fs.WalkDir(assetFiles, "assets", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := assetFiles.ReadFile(file)
		if err != nil {
			return err
		}
		kind := mime.TypeByExtension(path.Ext(file))
		if kind == "" {
			return fmt.Errorf("admin: what %s is cannot be told", file)
		}
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		if _, err := z.Write(text); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		made := asset{kind: kind, plain: text}
		if zipped.Len() < len(text) {
			made.zipped = zipped.Bytes()
		}
		sum := sha256.Sum256(text)
		name := strings.TrimPrefix(file, "assets/")
		address := assetPrefix + hex.EncodeToString(sum[:8]) + "/" + name
		a.byName[name], a.byPath[address] = address, made
		return nil
	})
}

// address is that of an asset, for templates.
func (a *assets) address(name string) (string, error) {
	address, ok := a.byName[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return address, nil
}

// ServeHTTP implements http.Handler.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found, ok := a.byPath[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", found.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	text := found.plain
	if found.zipped != nil && accept.Gzip(r.Header) {
		h.Set("Content-Encoding", "gzip")
		text = found.zipped
	}
	_, _ = w.Write(text)
}
